using CsCheck;
using OsCircular.Blocks;
using OsCircular.Disks;

namespace OsCircular.Tests.Disks;

public sealed class SlotPoolTests
{
    private const int Small = BlockGeometry.MinBlockSize;
    private const int Large = BlockGeometry.MaxBlockSize;

    // Four slabs: 256 small slots, or 4 large ones.
    private readonly SlotPool _pool = new(DiskOptions.MinMemoryBytes);

    [Fact]
    public void TryTake_MemoryUnused_TakesNoMoreThanIsNeeded()
    {
        Assert.Equal(0, _pool.Bytes);
        Load(Key(1, Small));
        Assert.Equal(SlotPool.SlabSize, _pool.Bytes);
    }

    [Fact]
    public void TryTake_AllReady_EvictsTheOldestThatWasNotUsedSince()
    {
        for (int i = 0; i < 256; i++) Load(Key(i, Small));
        Assert.True(_pool.TryFind(Key(0, Small), out MemorySlot? used));
        used.IsReferenced = true;
        Load(Key(256, Small));
        Assert.True(_pool.TryFind(Key(0, Small), out _));
        Assert.False(_pool.TryFind(Key(1, Small), out _));
        Assert.Equal(DiskOptions.MinMemoryBytes, _pool.Bytes);
    }

    [Fact]
    public void TryTake_AllPinned_YieldsNoneUntilOneIsFree()
    {
        List<MemorySlot> slots = [.. Enumerable.Range(0, 4).Select(i => Load(Key(i, Large)))];
        foreach (MemorySlot slot in slots) slot.Pins = 1;
        Assert.Null(_pool.TryTake(Key(4, Large)));
        slots[2].Pins = 0;
        Assert.Same(slots[2], _pool.TryTake(Key(4, Large)));
        Assert.False(_pool.TryFind(Key(2, Large), out _));
    }

    [Fact]
    public void TryTake_SecondSize_GetsItsShareOfTheMemory()
    {
        for (int i = 0; i < 256; i++) Load(Key(i, Small));
        for (int i = 0; i < 20; i++) Load(Key(1000 + i, Large));
        Assert.Equal(2, Enumerable.Range(0, 20).Count(i => _pool.TryFind(Key(1000 + i, Large), out _)));
        Assert.Equal(128, Enumerable.Range(0, 256).Count(i => _pool.TryFind(Key(i, Small), out _)));
        Assert.Equal(DiskOptions.MinMemoryBytes, _pool.Bytes);
    }

    [Fact]
    public void TryTake_SecondSizeWhileAllIsPinned_TakesASlabAsSoonAsItIsIdle()
    {
        List<MemorySlot> slots = [.. Enumerable.Range(0, 256).Select(i => Load(Key(i, Small)))];
        foreach (MemorySlot slot in slots) slot.Pins = 1;
        Assert.Null(_pool.TryTake(Key(1000, Large)));
        foreach (MemorySlot slot in slots.Take(64)) slot.Pins = 0;
        Assert.NotNull(_pool.TryTake(Key(1000, Large)));
        Assert.False(_pool.TryFind(Key(0, Small), out _));
        Assert.True(_pool.TryFind(Key(64, Small), out _));
    }

    [Fact]
    public void AheadBytes_MarkedBlocks_CountUntilUsedOrEvicted()
    {
        MemorySlot used = Load(Key(1, Large));
        MemorySlot evicted = Load(Key(2, Large));
        _pool.MarkAhead(used);
        _pool.MarkAhead(evicted);
        Assert.Equal(2 * Large, _pool.AheadBytes);
        _pool.UnmarkAhead(used);
        _pool.Free(evicted);
        Assert.Equal(0, _pool.AheadBytes);
        Assert.Equal(1, _pool.AheadWasted);
    }

    [Fact]
    public void TryTake_AnyOrderOfSizesAndPins_NeverGivesOneByteToTwoBlocks() =>
        Gen.Select(Gen.Int[0, 400], Gen.Int[0, 6], Gen.Bool).Array[1, 400].Sample(steps =>
        {
            var pool = new SlotPool(DiskOptions.MinMemoryBytes);
            var held = new Dictionary<SlotKey, MemorySlot>();
            foreach ((int number, int size, bool pin) in steps)
            {
                SlotKey key = Key(number, Small << size);
                MemorySlot? slot = pool.TryFind(key, out MemorySlot? found) ? found : pool.TryTake(key);
                if (slot is null) continue;
                slot.State = SlotState.Ready;
                slot.Pins = pin ? 1 : 0;
                slot.Bytes.Span.Fill((byte)number);
                held[key] = slot;
                Assert.True(pool.Bytes <= DiskOptions.MinMemoryBytes);
            }

            foreach ((SlotKey key, MemorySlot slot) in held)
                if (pool.TryFind(key, out MemorySlot? now)) Assert.False(slot.Bytes.Span.ContainsAnyExcept((byte)key.Row.StoredLength));
        }, iter: 200);

    private static SlotKey Key(int number, int size)
    {
        Span<byte> name = stackalloc byte[BlockName.Size];
        BitConverter.TryWriteBytes(name[8..], number);
        return new SlotKey(new BlockRow(new BlockName(name), default, number, BlockEncoding.Zstd), size, size);
    }

    private MemorySlot Load(SlotKey key)
    {
        MemorySlot slot = _pool.TryTake(key)!;
        slot.State = SlotState.Ready;
        return slot;
    }
}
