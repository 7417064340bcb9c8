namespace OsCircular.Disks;

/// <summary>What the read path has done since the agent started, at one moment. All disks together.</summary>
public sealed record DiskStatus
{
    internal DiskStatus(in DiskCounters counters, int waitingReads, long memoryBytes, long aheadWasted)
    {
        Reads = counters.Reads;
        Bytes = counters.Bytes;
        FailedReads = counters.FailedReads;
        TimedOutReads = counters.TimedOutReads;
        ReadsFromMemory = counters.MemoryHits;
        LoadsFromCache = counters.LoadsFromLocal;
        LoadsFromUpstream = counters.LoadsFromUpstream;
        FailedLoads = counters.FailedLoads;
        ReadAhead = counters.AheadLoads;
        ReadAheadUsed = counters.AheadUsed;
        ReadAheadWasted = aheadWasted;
        WaitingReads = waitingReads;
        MemoryBytes = memoryBytes;
    }

    /// <summary>Finished reads, failed ones too.</summary>
    public long Reads { get; }

    /// <summary>Bytes given to readers.</summary>
    public long Bytes { get; }

    public long FailedReads { get; }
    public long TimedOutReads { get; }

    /// <summary>Reads that needed no load: all their blocks were in memory, or zeros.</summary>
    public long ReadsFromMemory { get; }

    /// <summary>Blocks loaded from this host's own disk.</summary>
    public long LoadsFromCache { get; }

    /// <summary>Blocks loaded from the rest of the chain.</summary>
    public long LoadsFromUpstream { get; }

    public long FailedLoads { get; }

    /// <summary>Blocks that read-ahead asked for, those of them that a reader then wanted, and those given up unread.</summary>
    public long ReadAhead { get; }

    public long ReadAheadUsed { get; }
    public long ReadAheadWasted { get; }

    /// <summary>Reads that wait now.</summary>
    public int WaitingReads { get; }

    /// <summary>Memory taken for decoded blocks so far, in bytes.</summary>
    public long MemoryBytes { get; }
}
