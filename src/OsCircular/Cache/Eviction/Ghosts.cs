namespace OsCircular.Cache.Eviction;

/// <summary>The fingerprints of blocks given up not long ago. Approximate on purpose: one probe, a clash forgets the older; 1 MiB at most.</summary>
internal sealed class Ghosts
{
    private const int Slots = 1 << 17;

    // Half the slots, so that few of those still young enough are lost to clashes.
    private const uint Memory = Slots / 2;

    // Made with the first eviction: most caches never need it.
    private (uint Fingerprint, uint Since)[] _slots = [];
    private uint _clock = Memory;

    public void Remember(uint fingerprint)
    {
        if (_slots.Length == 0) _slots = new (uint, uint)[Slots];
        _slots[fingerprint % Slots] = (fingerprint, ++_clock);
    }

    /// <returns>Whether it was remembered.</returns>
    public bool Forget(uint fingerprint)
    {
        if (_slots.Length == 0) return false;
        ref (uint Fingerprint, uint Since) slot = ref _slots[fingerprint % Slots];
        if (slot.Fingerprint != fingerprint || slot.Since == 0 || _clock - slot.Since >= Memory) return false;
        slot = default;
        return true;
    }
}
