using OsCircular.Blocks;
using OsCircular.Sources;

namespace OsCircular.Disks;

/// <summary>
/// One read of a disk: made once, used again for as many reads as its owner likes, one at a time:
/// <see cref="Prepare"/>, <see cref="Disk.Read"/>, <see cref="IDiskReadCompletion.OnCompleted"/>, <see cref="Release"/>.
/// </summary>
public sealed class DiskRead
{
    /// <summary>No read is longer, in bytes.</summary>
    public const int MaxLength = 1024 * 1024;

    /// <summary>Blocks that a read of the smallest blocks can touch.</summary>
    internal const int MaxParts = MaxLength / BlockGeometry.MinBlockSize + 1;

    private readonly IDiskReadCompletion _completion;
    private readonly ReadOnlyMemory<byte>[] _segments = new ReadOnlyMemory<byte>[MaxParts];
    private DecodedMemory? _memory;
    private bool _isCancelled;

    public DiskRead(IDiskReadCompletion completion)
    {
        _completion = completion;
        Waiting = new LinkedListNode<DiskRead>(this);
        Short = new LinkedListNode<DiskRead>(this);
        for (int i = 0; i < MaxParts; i++) Parts[i] = new ReadPart(this);
    }

    public long Offset { get; private set; }

    /// <summary>Bytes asked for; after <see cref="Disk.Read"/>, what of them lies before the disk's end.</summary>
    public int Length { get; private set; }

    /// <summary>Whether the calling thread may read this host's own disk and decode: a kernel reader thread may, an event loop may not.</summary>
    public bool InlineAllowed { get; private set; }

    /// <summary>Why there are no bytes; valid from completion on.</summary>
    public SourceError Error { get; internal set; }

    /// <summary>
    /// The bytes, <see cref="Length"/> in all, in disk order, at most 17 segments, in pinned memory that was written before and so is resident.
    /// Valid from completion until <see cref="Release"/>; empty on error and past the disk's end.
    /// </summary>
    public ReadOnlySpan<ReadOnlyMemory<byte>> Segments => Error == SourceError.None ? _segments.AsSpan(0, PartCount) : default;

    // From here on everything is DecodedMemory's, under its gate, except that the locating thread alone fills the parts while the phase says so.
    internal ReadPart[] Parts { get; } = new ReadPart[MaxParts];
    internal int PartCount { get; set; }
    internal ReadPhase Phase { get; set; }

    /// <summary>Changes when a read is finished: who finds another ticket than it took must not touch the read any more.</summary>
    internal int Ticket { get; set; }

    /// <summary>Parts whose block is not in memory yet.</summary>
    internal int Outstanding { get; set; }

    /// <summary>What befell the read while a thread was locating its blocks.</summary>
    internal SourceError Doom { get; set; }

    internal bool IsCancelled => Volatile.Read(ref _isCancelled);
    internal Deadline Deadline { get; set; }
    internal LinkedListNode<DiskRead> Waiting { get; }
    internal LinkedListNode<DiskRead> Short { get; }
    internal DiskRead? NextFinished { get; set; }

    /// <param name="offset">Bytes from the disk's start, any.</param>
    /// <param name="length">Bytes wanted, at most <see cref="MaxLength"/>.</param>
    /// <param name="inlineAllowed">See <see cref="InlineAllowed"/>.</param>
    public void Prepare(long offset, int length, bool inlineAllowed)
    {
        if (Phase != ReadPhase.Idle) throw new InvalidOperationException("The read is under way, or was not released.");
        ArgumentOutOfRangeException.ThrowIfNegative(offset);
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(length, MaxLength);
        Offset = offset;
        Length = length;
        InlineAllowed = inlineAllowed;
        _isCancelled = false;
    }

    /// <summary>
    /// Ends a read that is under way with <see cref="SourceError.Cancelled"/>, at once; one that is prepared ends so as soon as it starts.
    /// Others waiting for the same blocks are not disturbed. Does nothing to one that is finished: the owner sees to it that the object was not sent on another
    /// read meanwhile.
    /// </summary>
    public void Cancel()
    {
        Volatile.Write(ref _isCancelled, true);

        // Either the mark is seen when the read claims its blocks, or what it claimed from is seen here.
        Interlocked.MemoryBarrier();
        _memory?.Cancel(this);
    }

    /// <summary>Gives the memory back: once after each completion, when the reply was written. <see cref="Segments"/> are void afterwards.</summary>
    public void Release() => _memory?.Release(this);

    internal void Start(DecodedMemory memory, long diskSize)
    {
        if (Phase != ReadPhase.Idle) throw new InvalidOperationException("The read is under way, or was not released.");
        _memory = memory;
        Length = (int)Math.Clamp(diskSize - Offset, 0, Length);
        PartCount = 0;
        Outstanding = 0;
        Doom = SourceError.None;
        Error = SourceError.None;
        Phase = ReadPhase.Locating;
    }

    internal void SetSegment(int part, ReadOnlyMemory<byte> segment) => _segments[part] = segment;

    internal void Complete() => _completion.OnCompleted(this);
}

/// <summary>Where a read stands.</summary>
internal enum ReadPhase
{
    Idle = 0,

    /// <summary>A thread is finding out its blocks, and owns it: nobody else may finish it.</summary>
    Locating,

    /// <summary>An index page is on its way.</summary>
    AwaitingIndex,

    /// <summary>Too little memory is free; it holds none itself.</summary>
    AwaitingSlots,

    /// <summary>It holds its slots, and some of them are being loaded.</summary>
    Loading,

    /// <summary>Finished and not released.</summary>
    Done,
}
