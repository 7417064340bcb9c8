using OsCircular.Indexes;

namespace OsCircular.Library.Filling;

/// <summary>Where the filling of one version stands.</summary>
public enum FillState
{
    /// <summary>Another version is before it, or the cache is still learning what it holds.</summary>
    Waiting,

    Filling,

    /// <summary>Something could not be had; it is tried again in a moment.</summary>
    Pausing,

    /// <summary>All blocks are held.</summary>
    Done,

    /// <summary>Given up, for a reason that trying again does not mend.</summary>
    Failed,

    /// <summary>Told to stop.</summary>
    Stopped,
}

/// <summary>The filling of one version at one moment. A block that stands twice in the disk counts twice; blocks of zeros count nowhere.</summary>
public sealed record FillProgress
{
    public required ImageName Image { get; init; }
    public required VersionName Version { get; init; }

    /// <summary>Whether only what the profile names is meant.</summary>
    public required bool ProfileOnly { get; init; }

    public required FillState State { get; init; }

    /// <summary>Blocks known to be held.</summary>
    public required long BlocksDone { get; init; }

    /// <summary>Blocks in all; null while the index is not yet looked through.</summary>
    public required long? BlocksTotal { get; init; }

    /// <summary>Stored bytes of those that are held.</summary>
    public required long BytesDone { get; init; }

    /// <summary>Stored bytes in all; null while the index is not yet looked through.</summary>
    public required long? BytesTotal { get; init; }

    /// <summary>Stored bytes of the blocks that this fill brought in.</summary>
    public required long BytesFetched { get; init; }

    /// <summary>Time since it got any further, or since it was asked for.</summary>
    public required TimeSpan Quiet { get; init; }

    /// <summary>Why it stands still or ended, in one clause; null where all is well.</summary>
    public required string? Problem { get; init; }

    /// <summary>Whether nothing more comes of it.</summary>
    public bool HasEnded => State is FillState.Done or FillState.Failed or FillState.Stopped;
}
