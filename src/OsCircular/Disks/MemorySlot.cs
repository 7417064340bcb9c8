using OsCircular.Blocks;
using OsCircular.Sources;

namespace OsCircular.Disks;

/// <summary>
/// Which decoded block: all that the row says, and the length it unfolds to. So two rows that give one name two contents are two blocks here, and each is held to its own row.
/// </summary>
/// <param name="Row">The index row.</param>
/// <param name="Length">Bytes of the block.</param>
/// <param name="BlockSize">Bytes of a slot for it: the disk's block size.</param>
internal readonly record struct SlotKey(BlockRow Row, int Length, int BlockSize)
{
    public bool Equals(SlotKey other) => Row.Name == other.Row.Name && Row.Content == other.Row.Content
        && Row.StoredLength == other.Row.StoredLength && Row.Encoding == other.Row.Encoding && Length == other.Length && BlockSize == other.BlockSize;

    public override int GetHashCode() => Row.Name.GetHashCode();
}

internal enum SlotState
{
    Free = 0,

    /// <summary>Taken by a claim that may still be undone.</summary>
    Taken,

    /// <summary>Waits for a thread to do its next step.</summary>
    Queued,

    /// <summary>A thread or a fetch is at it.</summary>
    Loading,

    Ready,

    /// <summary>Nobody wants it any more, but the fetch, or the thread in a disk that hangs, still owns the memory.</summary>
    Doomed,
}

/// <summary>What a queued slot needs next.</summary>
internal enum LoadStep
{
    Local = 0,
    Fetch,
    Map,
}

/// <summary>Memory for one decoded block, and the load that fills it. Everything is under the gate of <see cref="DecodedMemory"/>, except that who loads it owns the bytes.</summary>
internal sealed class MemorySlot
{
    public MemorySlot(Memory<byte> memory)
    {
        Memory = memory;
        Queued = new LinkedListNode<MemorySlot>(this);
    }

    /// <summary>Pinned; resident from the first block that was decoded into it.</summary>
    public Memory<byte> Memory { get; }

    public SlotKey Key;
    public SlotState State;

    /// <summary>Parts of reads that use it.</summary>
    public int Pins;

    /// <summary>Used since the eviction hand last passed.</summary>
    public bool IsReferenced;

    /// <summary>Read ahead, and not asked for yet.</summary>
    public bool IsAhead;

    public LoadStep Step;

    /// <summary>Timestamp of when a thread began to read it from the local disk.</summary>
    public long EnteredDisk;

    /// <summary>Whether the local disk was passed by, for it hangs: it may have the block all the same.</summary>
    public bool PassedDisk;

    /// <summary>That thread has not come back, and nobody waits for it any more.</summary>
    public bool IsStuck;

    public FetchClass Class;
    public Deadline Deadline;

    /// <summary>The fetch under way, else null.</summary>
    public BlockRequest? Request;

    public CancellationTokenSource? Cancellation;

    /// <summary>The block file that came, lying in <see cref="Memory"/>, until it is mapped.</summary>
    public StoredBlock Fetched;

    public LinkedListNode<MemorySlot> Queued { get; }
    public LinkedList<ReadPart> Waiters { get; } = new();

    /// <summary>Where the decoded block lies.</summary>
    public Memory<byte> Bytes => Memory[..Key.Length];

    public bool IsEvictable => State == SlotState.Ready && Pins == 0;
}
