using OsCircular.Cache.Repair;

namespace OsCircular.Cache;

/// <summary>How far the background load of the catalogue is.</summary>
public enum CatalogState
{
    Loading,

    /// <summary>Being made anew from the block files.</summary>
    Rebuilding,
    Ready,

    /// <summary>It cannot be written; what is held is known in memory all the same.</summary>
    Failing,
}

/// <summary>The cache at one moment, for <c>status</c>. Sizes in bytes.</summary>
public sealed record CacheStatus
{
    public required string Directory { get; init; }
    public required long Quota { get; init; }
    public required long FreeSpaceFloor { get; init; }
    public required int Blocks { get; init; }
    public required long BlockBytes { get; init; }
    public required long DocumentBytes { get; init; }

    /// <summary>Room given out for fetches under way.</summary>
    public required long ReservedBytes { get; init; }
    public required CacheState State { get; init; }
    public required DateTimeOffset StateSince { get; init; }
    public required CatalogState Catalog { get; init; }

    /// <summary>Damaged files that were found within the last hour.</summary>
    public required int DamagedLastHour { get; init; }

    /// <summary>Those are no accidents any more.</summary>
    public bool DiskIsSuspect => DamagedLastHour >= Repair.DiskBlame.Loud;

    /// <summary>Damaged files that are not fetched anew yet.</summary>
    public required int DamagedWanting { get; init; }

    /// <summary>Damaged files that are kept to be looked at, and their bytes.</summary>
    public required (int Files, long Bytes) KeptAside { get; init; }

    public required ScrubStatus Scrub { get; init; }

    /// <summary>By the counter's name; over all runs of this cache.</summary>
    public required IReadOnlyDictionary<CacheCounter, long> Counters { get; init; }

    /// <summary>Stored bytes of the blocks that this run read here.</summary>
    public required long HitBytesSinceStart { get; init; }
}
