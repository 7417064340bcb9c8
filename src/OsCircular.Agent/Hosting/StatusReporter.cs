using System.Reflection;
using OsCircular.Agent.Control;
using OsCircular.Cache;
using OsCircular.Cache.Repair;
using OsCircular.Disks;
using OsCircular.Library;
using OsCircular.Library.Retaining;
using OsCircular.Mirrors;
using OsCircular.Peers;
using OsCircular.Sources;

namespace OsCircular.Agent.Hosting;

/// <summary>Gathers what the parts say of themselves into one report.</summary>
internal static class StatusReporter
{
    private static readonly string Version = typeof(StatusReporter).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "";

    public static StatusReport Report(AgentParts parts)
    {
        DiskStatus disks = parts.Disks.Status;
        CacheStatus cache = parts.Cache.Status;
        IReadOnlyList<MirrorStatus> mirrors = parts.Mirrors?.Statuses ?? [];
        return new StatusReport
        {
            MountPoint = parts.Mount.MountPoint,
            Chain = parts.Chain,
            Takeover = Takeover(parts.Held),
            Process = Process(parts),
            Repository = Repository(parts.Library.Status, parts.Retained.Status),
            Sources = Sources(disks, cache, parts.Peers?.Status, parts.Line.Blocks, mirrors),
            Reads = Reads(disks, parts.Session.Counters.Interrupted),
            Cache = Cache(cache),
            Blame = Blame(cache, parts.Peers?.Status, mirrors),
            Scrub = Scrub(cache.Scrub),
            Mirrors = [.. mirrors.Select(Mirror)],
            Peers = PeersReporter.Sum(parts),
            Pins = [.. parts.Pins.Status.Select(PinReport.Of)],
            PinTrouble = parts.Pins.Trouble,
            Caps = new CapsReport(parts.MirrorCap?.Now, parts.PeerCap?.Now, parts.PeerServer?.UploadRate, parts.FillCap?.Now),
            Boots = [.. parts.Boots.Progress.Select(BootReport.Of)],
            Filling = [.. parts.Filler.Progress.Select(FillReport.Of)],
        };
    }

    private static TakeoverReport Takeover(HeldMount held)
    {
        (string? keeper, uint generation, bool canResend, TimeSpan takeoverTime) = held.Status;
        return new TakeoverReport { Keeper = keeper, Generation = generation, KernelCanResend = canResend, TakeoverSeconds = takeoverTime.TotalSeconds };
    }

    private static ProcessReport Process(AgentParts parts) => new()
    {
        Id = Environment.ProcessId,
        Version = Version,
        UptimeSeconds = parts.Time.GetElapsedTime(parts.Started).TotalSeconds,
        ResidentBytes = Environment.WorkingSet,
        Threads = System.Diagnostics.Process.GetCurrentProcess().Threads.Count,
        Collections = [GC.CollectionCount(0), GC.CollectionCount(1), GC.CollectionCount(2)],
        AllocatedBytes = GC.GetTotalAllocatedBytes(),
    };

    private static RepositoryReport Repository(LibraryStatus library, IReadOnlyList<RetiredStatus> retired) => new()
    {
        Id = library.Adopted?.Head.Repository.ToString() ?? "",
        Sequence = library.Adopted?.Head.Sequence ?? 0,
        Images = library.Adopted?.Manifest.Images.Count ?? 0,
        Versions = library.Adopted?.Manifest.Images.Sum(image => image.Versions.Count) ?? 0,
        ExpiresAt = library.Adopted?.Head.ExpiresAt is { } expires && expires < DateTimeOffset.MaxValue ? expires : null,
        StaleSince = library.StaleSince,
        LastRefresh = library.LastRefresh,
        Retired = [
            .. retired.Select(version => new RetiredReport(
                version.Image.ToString(), version.Version.ToString(), version.Since, version.IsGone, version.IsOpen, version.IsHeld))],
        Refusals = [.. library.Mirrors.Where(mirror => mirror.Problem is not null).Select(mirror => $"{mirror.Mirror}: {mirror.Problem}")],
    };

    private static IReadOnlyList<SourceReport> Sources(
        DiskStatus disks, CacheStatus cache, PeersStatus? peers, long fromMirrors, IReadOnlyList<MirrorStatus> mirrors)
    {
        List<(string Name, long Count, long Bytes)> sources =
        [
            ("memory", disks.ReadsFromMemory, 0),
            ("cache", disks.LoadsFromCache, cache.HitBytesSinceStart),
            ("mirrors", fromMirrors, mirrors.Sum(mirror => mirror.Bytes)),
        ];
        if (peers is not null) sources.Insert(2, ("peers", peers.Blocks, peers.Bytes));
        return SourceReport.SharesOf(sources);
    }

    private static ReadsReport Reads(DiskStatus disks, long interrupted) => new()
    {
        Count = disks.Reads,
        Bytes = disks.Bytes,
        Failed = disks.FailedReads,
        TimedOut = disks.TimedOutReads,
        Interrupted = interrupted,
        Waiting = disks.WaitingReads,
        ReadAheadBlocks = disks.ReadAhead,
        ReadAheadUsed = disks.ReadAheadUsed,
        ReadAheadWasted = disks.ReadAheadWasted,
        MemoryBytes = disks.MemoryBytes,
    };

    private static CacheReport Cache(CacheStatus cache) => new()
    {
        Directory = cache.Directory,
        State = Word(cache.State),
        StateSince = cache.State == CacheState.Ok ? null : cache.StateSince,
        Catalog = Word(cache.Catalog),
        Quota = cache.Quota,
        FreeSpaceFloor = cache.FreeSpaceFloor,
        HeldBytes = cache.BlockBytes + cache.DocumentBytes,
        Blocks = cache.Blocks,
        Damaged = cache.Counters[CacheCounter.Damaged],
        Healed = cache.Counters[CacheCounter.Healed],
        NotHealed = cache.DamagedWanting,
        KeptAside = cache.KeptAside.Files,
        KeptAsideBytes = cache.KeptAside.Bytes,
        Evicted = cache.Counters[CacheCounter.Evicted],
        NotStored = cache.Counters[CacheCounter.NotStored],
    };

    private static BlameReport Blame(CacheStatus cache, PeersStatus? peers, IReadOnlyList<MirrorStatus> mirrors) => new(
        cache.Counters[CacheCounter.Damaged],
        cache.DamagedLastHour,
        cache.DiskIsSuspect,
        peers?.WrongBytes ?? 0,
        mirrors.Sum(mirror => mirror.Failures.GetValueOrDefault(SourceError.Invalid)));

    private static ScrubReport Scrub(ScrubStatus scrub) => new()
    {
        Rate = scrub.Rate,
        State = scrub.Rate == 0 ? "off" : scrub.Started is null || scrub.IsDone ? "waiting" : "running",
        RoundStarted = scrub.Started,
        Percent = 100 * scrub.Progress,
        Files = scrub.Files,
        Bytes = scrub.Bytes,
        Damaged = scrub.Damaged,
    };

    private static MirrorReport Mirror(MirrorStatus mirror) => new()
    {
        Url = mirror.Name,
        State = Word(mirror.State),
        LatencySeconds = mirror.Latency?.TotalSeconds,
        BytesPerSecond = mirror.BytesPerSecond,
        Bytes = mirror.Bytes,
        Requests = mirror.Requests,
        Failures = mirror.Failures.ToDictionary(failure => Word(failure.Key), failure => failure.Value),
        LastError = mirror.LastError,
    };

    private static string Word<T>(T value) where T : struct, Enum => value.ToString().ToLowerInvariant();
}
