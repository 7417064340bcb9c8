using System.Diagnostics.CodeAnalysis;
using System.Numerics;
using OsCircular.Blocks;

namespace OsCircular.Disks;

/// <summary>
/// The memory for decoded blocks, and which block lies where. Slabs of the largest block's size, made when first needed, are carved into slots
/// of one block size each; sizes in use together share the slabs evenly. Not thread-safe.
/// </summary>
internal sealed class SlotPool
{
    public const int SlabSize = BlockGeometry.MaxBlockSize;

    private readonly SizeClass[] _classes = new SizeClass[BitOperations.Log2(BlockGeometry.MaxBlockSize / BlockGeometry.MinBlockSize) + 1];
    private readonly Dictionary<SlotKey, MemorySlot> _slots;
    private readonly int _slabLimit;
    private int _slabs;

    /// <param name="limit">Bytes, at least two slabs.</param>
    public SlotPool(long limit)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(limit, 2 * SlabSize);
        _slabLimit = (int)(limit / SlabSize);

        // Room for the smallest blocks, so that the table never grows under a reader; only where that is a sane size.
        _slots = new Dictionary<SlotKey, MemorySlot>((int)Math.Min(limit / BlockGeometry.MinBlockSize, 4096));
        for (int i = 0; i < _classes.Length; i++) _classes[i] = new SizeClass(BlockGeometry.MinBlockSize << i);
    }

    /// <summary>Bytes of memory made so far.</summary>
    public long Bytes => (long)_slabs * SlabSize;

    /// <summary>Blocks read ahead that nobody has asked for yet, in bytes of their slots.</summary>
    public long AheadBytes { get; private set; }

    /// <summary>Blocks read ahead that went unused.</summary>
    public long AheadWasted { get; private set; }

    /// <summary>All slots that hold a block or are being loaded with one.</summary>
    public Dictionary<SlotKey, MemorySlot>.ValueCollection Slots => _slots.Values;

    /// <summary>The slot that holds this block or is being loaded with it.</summary>
    public bool TryFind(in SlotKey key, [NotNullWhen(true)] out MemorySlot? slot) => _slots.TryGetValue(key, out slot);

    /// <summary>A slot for this block, in state <see cref="SlotState.Taken"/>; null where all that could hold it are in use.</summary>
    public MemorySlot? TryTake(in SlotKey key)
    {
        SizeClass own = ClassOf(key.BlockSize);
        if (own.FreeCount == 0) MakeRoom(own);
        MemorySlot? slot = own.Next();
        if (slot is null && TryTakeSlab(own)) slot = own.Next();
        if (slot is null) return null;

        if (slot.State == SlotState.Ready) Free(slot);
        own.FreeCount--;
        slot.Key = key;
        slot.State = SlotState.Taken;
        slot.Step = LoadStep.Local;
        slot.IsReferenced = false;
        slot.PassedDisk = false;
        _slots.Add(key, slot);
        return slot;
    }

    /// <summary>Lets the table forget the block; the slot itself stays with whoever uses it.</summary>
    public void Forget(MemorySlot slot)
    {
        if (_slots.TryGetValue(slot.Key, out MemorySlot? known) && known == slot) _slots.Remove(slot.Key);
        if (!slot.IsAhead) return;
        UnmarkAhead(slot);
        AheadWasted++;
    }

    /// <summary>Undoes a <see cref="Forget"/>, where nothing came of it; not for one read ahead.</summary>
    public void Remember(MemorySlot slot) => _slots.Add(slot.Key, slot);

    /// <summary>Forgets the block and makes the slot free; nobody may use it any more.</summary>
    public void Free(MemorySlot slot)
    {
        Forget(slot);
        slot.State = SlotState.Free;
        slot.Fetched = default;
        ClassOf(slot.Key.BlockSize).FreeCount++;
    }

    public void MarkAhead(MemorySlot slot)
    {
        slot.IsAhead = true;
        AheadBytes += slot.Key.BlockSize;
    }

    public void UnmarkAhead(MemorySlot slot)
    {
        slot.IsAhead = false;
        AheadBytes -= slot.Key.BlockSize;
    }

    private SizeClass ClassOf(int blockSize) => _classes[BitOperations.Log2((uint)blockSize / BlockGeometry.MinBlockSize)];

    /// <summary>A new slab while there may be more; then another size's slab for as long as this size has less than its share.</summary>
    private void MakeRoom(SizeClass own)
    {
        if (_slabs < _slabLimit)
        {
            // Not touched here: a reply is sent from the decoded bytes alone, and decoding writes, and so touches, each of them.
            own.Add(GC.AllocateUninitializedArray<byte>(SlabSize, pinned: true));
            _slabs++;
            return;
        }

        int sizes = own.SlabCount == 0 ? 1 : 0;
        foreach (SizeClass size in _classes) sizes += size.SlabCount > 0 ? 1 : 0;
        if (own.SlabCount < _slabLimit / sizes) TryTakeSlab(own);
    }

    private bool TryTakeSlab(SizeClass own)
    {
        SizeClass? richest = null;
        foreach (SizeClass size in _classes)
            if (size != own && size.SlabCount > (richest?.SlabCount ?? 0)) richest = size;
        if (richest?.TryGiveIdleSlab() is not { } given) return false;

        foreach (MemorySlot slot in given.Slots)
            if (slot.State == SlotState.Ready) Forget(slot);
        own.Add(given.Slab);
        return true;
    }
}
