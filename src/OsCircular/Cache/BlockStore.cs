using OsCircular.Blocks;
using OsCircular.Cache.Repair;
using OsCircular.Sources;

namespace OsCircular.Cache;

/// <summary>
/// The block files of this cache. Reading is opening: neither table nor catalogue decides what is there. Thread-safe.
/// A reader holds a descriptor, so a file evicted or replaced under it is still read whole.
/// </summary>
public sealed partial class BlockStore : ILocalBlocks
{
    private readonly BlockFiles _files;
    private readonly BlockInventory _inventory;
    private readonly BlockSlots _slots;
    private readonly CacheRoom _room;
    private readonly CacheHealth _health;
    private readonly CacheCounters _counters;
    private readonly DamageBook _damage;
    private readonly DiskThreads _readers;
    private readonly DiskThreads _writers;

    internal BlockStore(
        BlockFiles files, BlockInventory inventory, BlockSlots slots, CacheRoom room, CacheHealth health, CacheCounters counters, DamageBook damage,
        DiskThreads readers, DiskThreads writers)
    {
        _files = files;
        _inventory = inventory;
        _slots = slots;
        _room = room;
        _health = health;
        _counters = counters;
        _damage = damage;
        _readers = readers;
        _writers = writers;
    }

    /// <inheritdoc/>
    public SourceError TryRead(BlockName name, int storedLength, Memory<byte> destination, out StoredBlock block)
    {
        block = default;
        if (storedLength is <= 0 or > StoredBlock.MaxLength) return SourceError.Missing;
        if (!_health.MayRead()) return SourceError.Unreachable;
        Memory<byte> bytes = destination[..storedLength];
        SourceError error = _files.Read(name, bytes.Span);
        if (error == SourceError.None && !StoredBlock.TryVerify(name, bytes, out block)) error = SourceError.Invalid;
        switch (error)
        {
            case SourceError.None:
                _health.ReadWorked();
                _counters.Add(CacheCounter.Hits);
                _counters.Add(CacheCounter.HitBytes, storedLength);
                if (!_inventory.Touch(name)) Adopt(name, storedLength);
                break;
            case SourceError.Invalid:
                SetAside(name);
                break;
            case SourceError.Missing:
                if (_inventory.Holds(name)) Forget(name);
                break;
            case SourceError.Unreachable:
                _health.ReadFailed();
                break;
        }

        return error;
    }

    /// <inheritdoc/>
    public bool MayHold(BlockName name) => _inventory.MayHold(name);

    /// <summary>Whether a file of that name lies there, which it is asked for; its bytes are not looked at.</summary>
    public bool IsThere(BlockName name)
    {
        if (_files.ReadUpTo(name, [], out _) != SourceError.Missing) return true;
        if (_inventory.Holds(name)) Forget(name);
        return false;
    }

    /// <inheritdoc/>
    public bool Hangs => _health.ReadsHang;

    /// <summary>Whether to look on the disk at all: for those who open its files themselves.</summary>
    public bool MayRead => _health.MayRead();

    /// <inheritdoc/>
    public bool IsProven(BlockName name, Digest content) => _inventory.IsProven(name, content);

    /// <inheritdoc/>
    public void MarkProven(BlockName name, Digest content) => _inventory.MarkProven(name, content);

    /// <summary>Says that a held block may not, or may again, be evicted while a fill lasts. Not remembered across a restart.</summary>
    /// <returns>Whether it is held.</returns>
    public bool SetKept(BlockName name, bool kept) => _inventory.SetKept(name, kept);

    /// <inheritdoc cref="BlockInventory.Expect"/>
    internal void Expect(BlockName name, bool expected) => _inventory.Expect(name, expected);

    /// <inheritdoc cref="BlockInventory.StayingBytes"/>
    internal long StayingBytes(IReadOnlySet<BlockName> but) => _inventory.StayingBytes(but);

    /// <summary>From now on these are never evicted, whether they are held already or come later, and no others are pinned. One call at a time.</summary>
    /// <param name="names">All that pins need; not changed meanwhile.</param>
    public void Pin(IReadOnlySet<BlockName> names) => _inventory.Pin(names);

    /// <summary>Pinned blocks that are not held; of use when the cache is loaded.</summary>
    public int PinnedAndMissing => _inventory.PinnedAndMissing;

    /// <summary>Reads a held block's file, whatever its length, and sets it aside where it is damaged.</summary>
    /// <returns>Whether it is held and good.</returns>
    public bool Check(BlockName name) => Check(name, pastPageCache: false, out _) == SourceError.None;

    /// <inheritdoc cref="Check(BlockName)"/>
    /// <param name="name">The block.</param>
    /// <param name="pastPageCache">Whether the disk itself is to be read, and what others have in the page cache left as it is as far as can be.</param>
    /// <param name="length">Bytes read.</param>
    /// <returns>None: it is good. Missing; Invalid: it was set aside, for it is damaged or lies on a bad spot; Unreachable: the disk yields nothing.</returns>
    internal SourceError Check(BlockName name, bool pastPageCache, out int length)
    {
        length = 0;
        if (!_health.MayRead()) return SourceError.Unreachable;
        byte[] buffer = BlockBuffers.Shared.Rent(StoredBlock.MaxLength);
        try
        {
            SourceError error = _files.ReadUpTo(name, buffer.AsSpan(0, StoredBlock.MaxLength), out length, pastPageCache);
            if (error == SourceError.None && !StoredBlock.TryVerify(name, buffer.AsMemory(0, length), out _)) error = SourceError.Invalid;
            if (error is SourceError.None or SourceError.Invalid) _health.ReadWorked();
            else if (error == SourceError.Unreachable) _health.ReadFailed();

            // A bad spot on a disk that is well: the file is as good as damaged. Not so where one read after the other fails; then it is the disk.
            if (error == SourceError.Unreachable && length == -LinuxFile.EIO && _health.State == CacheState.Ok) error = SourceError.Invalid;
            if (error == SourceError.Invalid) SetAside(name);
            length = Math.Max(length, 0);
            return error;
        }
        finally
        {
            BlockBuffers.Shared.Return(buffer);
        }
    }

    /// <summary>Reserves room for a block about to be fetched; evicts what makes the room.</summary>
    /// <param name="storedLength">Bytes of the block file.</param>
    /// <returns>Null where there is no room or the disk does not take writes: the block is then used without being kept.</returns>
    public CacheReservation? TryReserve(int storedLength) => _room.TryReserve(storedLength);

    /// <summary>Stores a block in reserved room, in the place of any file of that name; the reservation is used up. Proof marks of the name are dropped.</summary>
    /// <param name="block">Used during the call only.</param>
    /// <param name="reservation">Of at least the block's length; disposed here whatever happens.</param>
    /// <param name="from">Where the block came from.</param>
    /// <returns>False where the disk did not take it; the agent goes on without.</returns>
    public bool TryStore(in StoredBlock block, CacheReservation reservation, SourceKind from)
    {
        bool healed;
        using (reservation)
        lock (_slots.Of(block.Name))
        {
            int error = _files.Write(block);
            if (error != 0)
            {
                _health.DiskFailed(error);
                return false;
            }

            _inventory.Stored(block.Name, block.Bytes.Length, reservation.Use(), from);
            healed = _damage.Forget(block.Name);
        }

        _health.Written();
        _counters.AddStored(from, block.Bytes.Length);
        if (healed) _damage.TellHealed(RepositoryPaths.Block(block.Name), from.ToString());
        return true;
    }

    internal void CountMiss() => _counters.Add(CacheCounter.Misses);

    internal void CountNotStored() => _counters.Add(CacheCounter.NotStored);

    // Found wanting by a reader; looked at again in its slot, for another may have healed it since, or the row's length was wrong and the file is good.
    private void SetAside(BlockName name)
    {
        string fault;
        bool isNews;
        byte[] buffer = BlockBuffers.Shared.Rent(StoredBlock.MaxLength);
        try
        {
            lock (_slots.Of(name))
            {
                SourceError error = _files.ReadUpTo(name, buffer.AsSpan(0, StoredBlock.MaxLength), out int length);
                if (error == SourceError.Missing || (error == SourceError.None && StoredBlock.TryVerify(name, buffer.AsMemory(0, length), out _))) return;
                fault = Fault(name, error, length);
                _damage.Folder.Take(RepositoryPaths.Block(name));
                int failed = _files.Remove(name);
                if (failed == 0) _inventory.Removed(name);
                else _health.DiskFailed(failed);
                isNews = _damage.Note(name);
            }
        }
        finally
        {
            BlockBuffers.Shared.Return(buffer);
        }

        if (isNews) _damage.TellDamaged(RepositoryPaths.Block(name), fault);
    }

    private string Fault(BlockName name, SourceError error, int length)
    {
        if (error == SourceError.Unreachable) return "cannot be read";
        if (error == SourceError.Invalid) return "is longer than any block file";
        int stored = _inventory.StoredLengthOf(name);
        return stored > 0 && stored != length ? $"is not what its name says ({length} bytes, {stored} were stored)" : "is not what its name says";
    }

    // The file went without us: by hand, or with a folder.
    private void Forget(BlockName name)
    {
        lock (_slots.Of(name))
        {
            if (_files.ReadUpTo(name, [], out _) == SourceError.Missing) _inventory.Removed(name);
        }
    }

    // The file came without us, by hand or before a crash: it counts from now on.
    private void Adopt(BlockName name, int storedLength)
    {
        lock (_slots.Of(name))
        {
            bool there = _files.ReadUpTo(name, [], out _) != SourceError.Missing;
            if (there) _inventory.Adopt(name, storedLength);
        }
    }
}
