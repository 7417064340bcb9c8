namespace OsCircular.Agent.Control;

/// <summary>Everything that <c>status</c> tells of a running agent: what <c>status --json</c> prints. Sizes in bytes, times in seconds or UTC.</summary>
public sealed record StatusReport
{
    public required string MountPoint { get; init; }

    /// <summary>The read path, from the mount to the mirrors.</summary>
    public required string Chain { get; init; }

    public required TakeoverReport Takeover { get; init; }
    public required ProcessReport Process { get; init; }
    public required RepositoryReport Repository { get; init; }

    /// <summary>Where what was read came from, nearest first.</summary>
    public required IReadOnlyList<SourceReport> Sources { get; init; }

    public required ReadsReport Reads { get; init; }
    public required CacheReport Cache { get; init; }
    public required BlameReport Blame { get; init; }
    public required ScrubReport Scrub { get; init; }
    public required IReadOnlyList<MirrorReport> Mirrors { get; init; }

    /// <summary>The group, in sums; null where peers are off. Each peer by itself: <c>peers --json</c>.</summary>
    public required PeersSumReport? Peers { get; init; }

    /// <summary>What is pinned, oldest first.</summary>
    public required IReadOnlyList<PinReport> Pins { get; init; }

    /// <summary>What is wrong with all of them together; null where nothing is.</summary>
    public required string? PinTrouble { get; init; }

    public required CapsReport Caps { get; init; }

    /// <summary>Profiles that are fetched ahead of guests, and the last that were, oldest first.</summary>
    public required IReadOnlyList<BootReport> Boots { get; init; }

    /// <summary>Versions that are taken in whole or wait to be, and the last that were, oldest first.</summary>
    public required IReadOnlyList<FillReport> Filling { get; init; }
}

/// <summary>Caps in bytes a second as they hold at this hour. Null: no limit; 0: nothing at all.</summary>
/// <param name="MirrorRate">On what comes from mirrors.</param>
/// <param name="PeerRate">On what comes from peers.</param>
/// <param name="UploadRate">On what peers are given.</param>
/// <param name="FillRate">On what filling fetches from wherever.</param>
public sealed record CapsReport(long? MirrorRate, long? PeerRate, long? UploadRate, long? FillRate);

public sealed record TakeoverReport
{
    /// <summary>Who keeps the mount when the agent ends; null: nobody does.</summary>
    public required string? Keeper { get; init; }

    /// <summary>How long it waits for the next agent; of a service manager, what the agent was told only.</summary>
    public required double TakeoverSeconds { get; init; }

    /// <summary>Whether the kernel can send again what a killed agent left unanswered (Linux 6.9).</summary>
    public required bool KernelCanResend { get; init; }

    /// <summary>1 for the agent that mounted, one more for each that took over.</summary>
    public required uint Generation { get; init; }
}

public sealed record ProcessReport
{
    public required int Id { get; init; }
    public required string Version { get; init; }
    public required double UptimeSeconds { get; init; }
    public required long ResidentBytes { get; init; }
    public required int Threads { get; init; }

    /// <summary>Garbage collections so far of generations 0, 1 and 2.</summary>
    public required IReadOnlyList<int> Collections { get; init; }

    /// <summary>Managed bytes allocated since the start.</summary>
    public required long AllocatedBytes { get; init; }
}

public sealed record RepositoryReport
{
    public required string Id { get; init; }
    public required long Sequence { get; init; }
    public required int Images { get; init; }
    public required int Versions { get; init; }
    public required DateTimeOffset? ExpiresAt { get; init; }

    /// <summary>Since when the adopted head is past its expiry; null: it is not.</summary>
    public required DateTimeOffset? StaleSince { get; init; }

    /// <summary>When mirrors were last asked for a newer head.</summary>
    public required DateTimeOffset? LastRefresh { get; init; }

    /// <summary>Retired versions that somebody has open here, and those that left the repository and are kept; empty where all is well.</summary>
    public required IReadOnlyList<RetiredReport> Retired { get; init; }

    /// <summary>Why the last head offered was refused, a line for each mirror that offered one; empty where all is well.</summary>
    public required IReadOnlyList<string> Refusals { get; init; }
}

/// <param name="Image">Its image.</param>
/// <param name="Version">Its name.</param>
/// <param name="Since">Since when it is retired.</param>
/// <param name="Gone">Whether it left the repository: mirrors have its files no more.</param>
/// <param name="Open">Whether somebody has its disk open, or may have since before the last takeover.</param>
/// <param name="Held">Whether the cache holds all of it.</param>
public sealed record RetiredReport(string Image, string Version, DateTimeOffset Since, bool Gone, bool Open, bool Held);

/// <param name="Name"><c>memory</c>, <c>cache</c>, <c>peers</c> or <c>mirrors</c>.</param>
/// <param name="Count">
/// Reads answered from memory; blocks that disks loaded from the cache; blocks that came onto this host from peers and mirrors, for readers, for filling and for
/// others.
/// </param>
/// <param name="Bytes">Stored bytes of those blocks; of memory, 0: it is counted in reads.</param>
/// <param name="Percent">Share of all counts; all together 100, or 0 where nothing was counted yet.</param>
public sealed record SourceReport(string Name, long Count, long Bytes, double Percent)
{
    public static IReadOnlyList<SourceReport> SharesOf(IReadOnlyCollection<(string Name, long Count, long Bytes)> sources)
    {
        long all = Math.Max(1, sources.Sum(source => source.Count));
        return [.. sources.Select(source => new SourceReport(source.Name, source.Count, source.Bytes, 100.0 * source.Count / all))];
    }
}

public sealed record ReadsReport
{
    public required long Count { get; init; }
    public required long Bytes { get; init; }
    public required long Failed { get; init; }
    public required long TimedOut { get; init; }
    public required long Interrupted { get; init; }
    public required int Waiting { get; init; }
    public required long ReadAheadBlocks { get; init; }
    public required long ReadAheadUsed { get; init; }
    public required long ReadAheadWasted { get; init; }

    /// <summary>Decoded blocks in memory, in bytes.</summary>
    public required long MemoryBytes { get; init; }
}

public sealed record CacheReport
{
    public required string Directory { get; init; }
    public required string State { get; init; }
    public required DateTimeOffset? StateSince { get; init; }
    public required string Catalog { get; init; }
    public required long Quota { get; init; }
    public required long FreeSpaceFloor { get; init; }
    public required long HeldBytes { get; init; }
    public required int Blocks { get; init; }

    /// <summary>Files found damaged, and damaged ones stored anew; both over all runs.</summary>
    public required long Damaged { get; init; }
    public required long Healed { get; init; }

    /// <summary>Of those that this run found, how many are not stored anew yet.</summary>
    public required int NotHealed { get; init; }

    /// <summary>Damaged files that are kept in <c>agent/damaged</c>, and their bytes.</summary>
    public required int KeptAside { get; init; }
    public required long KeptAsideBytes { get; init; }

    public required long Evicted { get; init; }
    public required long NotStored { get; init; }
}

/// <summary>Who gave wrong bytes. No reader saw any of them.</summary>
/// <param name="Disk">Damaged files found in the cache, over all runs.</param>
/// <param name="DiskLastHour">Of them within the last hour.</param>
/// <param name="DiskIsSuspect">Those are no accidents any more.</param>
/// <param name="Peers">Answers of peers with wrong bytes, since the start.</param>
/// <param name="Mirrors">Answers of mirrors with wrong bytes or a wrong length, since the start.</param>
public sealed record BlameReport(long Disk, int DiskLastHour, bool DiskIsSuspect, long Peers, long Mirrors);

/// <summary>The slow look at all that is held.</summary>
public sealed record ScrubReport
{
    /// <summary>Bytes a second; 0: it is off.</summary>
    public required long Rate { get; init; }

    /// <summary><c>off</c>, <c>waiting</c> (for the next round) or <c>running</c>.</summary>
    public required string State { get; init; }
    public required DateTimeOffset? RoundStarted { get; init; }
    public required double Percent { get; init; }
    public required long Files { get; init; }
    public required long Bytes { get; init; }
    public required long Damaged { get; init; }
}

public sealed record MirrorReport
{
    public required string Url { get; init; }
    public required string State { get; init; }
    public required double? LatencySeconds { get; init; }
    public required double BytesPerSecond { get; init; }
    public required long Bytes { get; init; }
    public required long Requests { get; init; }

    /// <summary>Count of each kind of failure.</summary>
    public required IReadOnlyDictionary<string, long> Failures { get; init; }

    public required string? LastError { get; init; }
}

public sealed record PeersSumReport
{
    public required string Group { get; init; }

    /// <summary>Whether requests must prove a group key.</summary>
    public required bool HasKey { get; init; }

    public required string Id { get; init; }
    public required int Port { get; init; }
    public required int Known { get; init; }
    public required int Alive { get; init; }
    public required int Banned { get; init; }
    public required long BytesReceived { get; init; }
    public required long BytesSent { get; init; }

    /// <summary>Bytes that came from peers, and so not over the uplink on this host's account.</summary>
    public required long SparedBytes { get; init; }

    /// <summary>Bytes of block files that this host fetched from mirrors because peers asked it to.</summary>
    public required long FetchedForOthers { get; init; }

    /// <summary>Blocks that this host and another both fetched from a mirror; each of the two counts it.</summary>
    public required long Duplicates { get; init; }

    /// <summary>Memory that the peers' summaries take.</summary>
    public required long SummaryBytes { get; init; }

    /// <summary>Requests of peers, by what became of them, and those refused, by reason.</summary>
    public required IReadOnlyDictionary<string, long> Answers { get; init; }

    public required IReadOnlyDictionary<string, long> Refusals { get; init; }

    /// <summary>Beacons, by what became of them.</summary>
    public required IReadOnlyDictionary<string, long> Beacons { get; init; }
}
