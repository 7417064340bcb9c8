namespace OsCircular.Disks;

/// <summary>What a read takes from one block.</summary>
internal sealed class ReadPart
{
    public ReadPart(DiskRead read)
    {
        Read = read;
        Waiting = new LinkedListNode<ReadPart>(this);
    }

    public DiskRead Read { get; }

    /// <summary>In the list of the slot whose load this part waits for.</summary>
    public LinkedListNode<ReadPart> Waiting { get; }

    public SlotKey Key;

    /// <summary>The block is all zeros: no slot, no file, no fetch.</summary>
    public bool IsZero;

    /// <summary>Bytes into the block.</summary>
    public int Offset;

    /// <summary>Bytes of it.</summary>
    public int Length;

    /// <summary>The slot this part has pinned.</summary>
    public MemorySlot? Slot;
}
