using System.Runtime.InteropServices;

namespace OsCircular.Disks;

/// <summary>All slots for blocks of one size, and the choice of the next to take among them: second chance, a hand that goes round.</summary>
internal sealed class SizeClass(int blockSize)
{
    private readonly List<MemorySlot[]> _slabs = [];
    private readonly List<byte[]> _bytes = [];
    private MemorySlot[] _slots = [];
    private int _hand;

    public int SlabCount => _slabs.Count;
    public int FreeCount { get; set; }

    /// <summary>Carves a slab into slots and turns the hand to the first of them.</summary>
    public void Add(byte[] slab)
    {
        var slots = new MemorySlot[slab.Length / blockSize];
        for (int i = 0; i < slots.Length; i++) slots[i] = new MemorySlot(MemoryMarshal.CreateFromPinnedArray(slab, i * blockSize, blockSize));
        _slabs.Add(slots);
        _bytes.Add(slab);
        _hand = _slots.Length;
        _slots = [.. _slots, .. slots];
        FreeCount += slots.Length;
    }

    /// <summary>Gives away a slab whose every slot could be taken; what its slots hold is the caller's to forget.</summary>
    public (byte[] Slab, MemorySlot[] Slots)? TryGiveIdleSlab()
    {
        int at = _slabs.FindIndex(slots => Array.TrueForAll(slots, slot => slot.State == SlotState.Free || slot.IsEvictable));
        if (at < 0) return null;
        (byte[], MemorySlot[]) given = (_bytes[at], _slabs[at]);
        FreeCount -= _slabs[at].Count(slot => slot.State == SlotState.Free);
        _slabs.RemoveAt(at);
        _bytes.RemoveAt(at);
        _slots = [.. _slabs.SelectMany(slots => slots)];
        _hand = 0;
        return given;
    }

    /// <summary>A free slot; else one whose block has not been used since the hand last passed. Null where all are in use.</summary>
    public MemorySlot? Next()
    {
        bool freeOnly = FreeCount > 0;

        // Two rounds: the first may find every slot used of late, and takes that mark away.
        for (int left = 2 * _slots.Length; left > 0; left--)
        {
            MemorySlot slot = _slots[_hand];
            if (++_hand == _slots.Length) _hand = 0;
            if (slot.State == SlotState.Free) return slot;
            if (freeOnly || !slot.IsEvictable) continue;
            if (!slot.IsReferenced) return slot;
            slot.IsReferenced = false;
        }

        return null;
    }
}
