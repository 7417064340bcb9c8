using OsCircular.Mount.Recording;

namespace OsCircular.Agent.Control;

/// <summary>How far the recording of a boot is: what <c>profile record --json</c> prints.</summary>
public sealed record RecordingReport
{
    public required string Image { get; init; }
    public required string Version { get; init; }

    /// <summary><c>waiting</c>, <c>recording</c>, <c>done</c> or <c>failed</c>.</summary>
    public required string State { get; init; }

    public required bool HasEnded { get; init; }

    /// <summary>Blocks first touched in this run, and the time from the first of them to the last.</summary>
    public required int Blocks { get; init; }

    public required double Seconds { get; init; }

    /// <summary>Runs that are kept, this one too; 0 before it has ended.</summary>
    public required int Runs { get; init; }

    /// <summary>The profile: the blocks that recur in more than half of the runs, in its order; null before it has ended.</summary>
    public required IReadOnlyList<long>? Profile { get; init; }

    public required string? Problem { get; init; }

    internal static RecordingReport Of(RecordingProgress progress) => new()
    {
        Image = progress.Image.ToString(),
        Version = progress.Version.ToString(),
        State = progress.State.ToString().ToLowerInvariant(),
        HasEnded = progress.HasEnded,
        Blocks = progress.Blocks,
        Seconds = progress.Lasted.TotalSeconds,
        Runs = progress.Runs,
        Profile = progress.Profile?.Blocks,
        Problem = progress.Problem,
    };
}
