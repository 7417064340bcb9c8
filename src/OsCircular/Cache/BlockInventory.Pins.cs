using OsCircular.Blocks;

namespace OsCircular.Cache;

/// <summary>
/// What is not evicted: blocks that a fill keeps while it lasts, and those that pins need. Both are flags of the table and unknown to the eviction policy, so a
/// read pays nothing for them. A pinned name that is not held is remembered apart, so that its block is pinned from the moment at which it is stored.
/// </summary>
internal sealed partial class BlockInventory
{
    // Guarded by _gate. As many as pins still lack: few where all is well, and all of a pinned version where it was just asked for (40 MB for a million).
    private readonly HashSet<BlockName> _wanted = [];
    private bool _pinsUnknown;

    // Guarded by _gate. What fills are fetching now.
    private readonly HashSet<BlockName> _expected = [];

    /// <summary>Pinned blocks that are not held.</summary>
    public int PinnedAndMissing
    {
        get
        {
            lock (_gate) return _wanted.Count;
        }
    }

    /// <summary>Nothing is evicted until <see cref="Pin"/> has said what is pinned.</summary>
    public void AwaitPins()
    {
        lock (_gate) _pinsUnknown = true;
    }

    /// <summary>Says that a held block may not, or may again, be evicted, pins apart.</summary>
    /// <returns>Whether it is held.</returns>
    public bool SetKept(BlockName name, bool kept)
    {
        lock (_gate)
        {
            int slot = _table.Find(name);
            if (slot < 0) return false;
            Set(slot, BlockTable.EntryFlags.Kept, kept);
            return true;
        }
    }

    /// <summary>Says that a block is kept, as by <see cref="SetKept"/>, from the moment at which it is stored: among newcomers it would be the first to go again.</summary>
    public void Expect(BlockName name, bool expected)
    {
        lock (_gate) _ = expected ? _expected.Add(name) : _expected.Remove(name);
    }

    /// <summary>From now on these are pinned, and no others. What was pinned before and still is, is so all the while.</summary>
    /// <param name="names">All that pins need; not changed while this runs. One call at a time.</param>
    public void Pin(IReadOnlySet<BlockName> names)
    {
        // In pieces, for readers wait for the lock. First what is added, then what falls away.
        foreach (BlockName[] some in names.Chunk(PagedArray<int>.PageSize))
        {
            lock (_gate)
            {
                foreach (BlockName name in some)
                {
                    int slot = _table.Find(name);
                    if (slot < 0) _wanted.Add(name);
                    else Set(slot, BlockTable.EntryFlags.Pinned, true);
                }
            }
        }

        for (int first = 0; Unpin(first, names); first += PagedArray<int>.PageSize)
        {
        }

        lock (_gate)
        {
            _wanted.IntersectWith(names);
            _wanted.TrimExcess();
            _pinsUnknown = false;
        }
    }

    /// <summary>Bytes of held blocks that are pinned, or kept while a fill lasts.</summary>
    /// <param name="but">These do not count.</param>
    public long StayingBytes(IReadOnlySet<BlockName> but)
    {
        long bytes = 0;
        for (int first = 0; ; first += PagedArray<int>.PageSize)
        {
            lock (_gate)
            {
                int end = Math.Min(first + PagedArray<int>.PageSize, _table.End);
                if (first >= end) return bytes;
                for (int slot = first; slot < end; slot++)
                {
                    if (Stays(_table[slot].Flags) && !but.Contains(_table[slot].Name.Name)) bytes += _table[slot].StoredLength;
                }
            }
        }
    }

    private bool Unpin(int first, IReadOnlySet<BlockName> names)
    {
        lock (_gate)
        {
            int end = Math.Min(first + PagedArray<int>.PageSize, _table.End);
            for (int slot = first; slot < end; slot++)
            {
                if ((_table[slot].Flags & BlockTable.EntryFlags.Pinned) != 0 && !names.Contains(_table[slot].Name.Name)) Set(slot, BlockTable.EntryFlags.Pinned, false);
            }

            return first < end;
        }
    }

    private void Set(int slot, BlockTable.EntryFlags flag, bool on)
    {
        ref BlockTable.Entry entry = ref _table[slot];
        if ((entry.Flags & flag) != 0 == on) return;
        bool stayed = Stays(entry.Flags);
        entry.Flags = on ? (entry.Flags | flag) & ~BlockTable.EntryFlags.Leaving : entry.Flags & ~flag;
        if (Stays(entry.Flags) == stayed) return;
        policy.Remove(slot);
        if (stayed) policy.Add(slot, entry.Name.Fingerprint);
    }

    // Its file is gone, the pin is not.
    private void Lost(int slot)
    {
        if ((_table[slot].Flags & BlockTable.EntryFlags.Pinned) != 0) _wanted.Add(_table[slot].Name.Name);
    }

    private static bool Stays(BlockTable.EntryFlags flags) => (flags & (BlockTable.EntryFlags.Kept | BlockTable.EntryFlags.Pinned)) != 0;
}
