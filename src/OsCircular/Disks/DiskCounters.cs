namespace OsCircular.Disks;

/// <summary>What has happened since the start. Plain numbers, written under the gate of <see cref="DecodedMemory"/>.</summary>
internal struct DiskCounters
{
    public long Reads;
    public long Bytes;
    public long FailedReads;
    public long TimedOutReads;
    public long MemoryHits;
    public long LoadsFromLocal;
    public long LoadsFromUpstream;
    public long FailedLoads;
    public long AheadLoads;
    public long AheadUsed;
}
