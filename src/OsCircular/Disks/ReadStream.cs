namespace OsCircular.Disks;

/// <summary>A reader going through the disk in order, as its reads show it: opens are stateless, so reads are all there is.</summary>
internal struct ReadStream
{
    /// <summary>Where the run began and where its next read is due, in bytes from the disk's start.</summary>
    public long Start, Next;

    /// <summary>Reads of the run; 0 where this place in the table is free.</summary>
    public int Reads;

    /// <summary>Blocks before this one have been asked for ahead of the reader.</summary>
    public long AheadTo;

    /// <summary>Number of the read that last belonged to it.</summary>
    public long LastRead;
}
