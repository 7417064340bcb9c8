using OsCircular.Library.Filling;

namespace OsCircular.Agent.Control;

/// <summary>How far the filling of one version is: what <c>fill --json</c> prints. Sizes in bytes of block files.</summary>
public sealed record FillReport
{
    public required string Image { get; init; }
    public required string Version { get; init; }

    /// <summary>Whether only what the version's profile names is filled.</summary>
    public required bool Profile { get; init; }

    /// <summary><c>waiting</c>, <c>filling</c>, <c>pausing</c>, <c>done</c>, <c>failed</c> or <c>stopped</c>.</summary>
    public required string State { get; init; }

    public required bool HasEnded { get; init; }
    public required long BlocksDone { get; init; }

    /// <summary>Null while the index is not yet looked through.</summary>
    public required long? BlocksTotal { get; init; }

    public required long BytesDone { get; init; }

    /// <summary>Null while the index is not yet looked through.</summary>
    public required long? BytesTotal { get; init; }

    /// <summary>What was not held when it began.</summary>
    public required long BytesFetched { get; init; }

    /// <summary>Since it got any further.</summary>
    public required double QuietSeconds { get; init; }

    public required string? Problem { get; init; }

    internal static FillReport Of(FillProgress progress) => new()
    {
        Image = progress.Image.ToString(),
        Version = progress.Version.ToString(),
        Profile = progress.ProfileOnly,
        State = progress.State.ToString().ToLowerInvariant(),
        HasEnded = progress.HasEnded,
        BlocksDone = progress.BlocksDone,
        BlocksTotal = progress.BlocksTotal,
        BytesDone = progress.BytesDone,
        BytesTotal = progress.BytesTotal,
        BytesFetched = progress.BytesFetched,
        QuietSeconds = progress.Quiet.TotalSeconds,
        Problem = progress.Problem,
    };
}
