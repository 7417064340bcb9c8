using OsCircular.Blocks;

namespace OsCircular.Cache;

/// <summary>
/// Whoever writes, evicts or sets aside one name takes its slot, so that none removes what another just healed.
/// Several names share a lock; so nobody takes a second slot, nor waits for anything but the disk, while holding one.
/// </summary>
internal sealed class BlockSlots
{
    private readonly Lock[] _locks = [.. Enumerable.Range(0, 64).Select(_ => new Lock())];

    public Lock Of(BlockName name) => _locks[(uint)name.GetHashCode() % (uint)_locks.Length];
}
