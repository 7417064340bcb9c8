using OsCircular.Library.Pins;

namespace OsCircular.Agent.Control;

/// <summary>Where one pin stands: what <c>pin --json</c> prints.</summary>
public sealed record PinReport
{
    public required string Image { get; init; }

    /// <summary>Null: the newest, whichever that is.</summary>
    public required string? Version { get; init; }

    /// <summary>Whether only what the profile names is pinned.</summary>
    public required bool Profile { get; init; }

    /// <summary><c>waiting</c>, <c>filling</c> or <c>held</c>; null where no agent runs, for then nobody looks.</summary>
    public required string? State { get; init; }

    /// <summary>The version that it keeps; null where there is none yet.</summary>
    public required string? Keeps { get; init; }

    /// <summary>A newer one that is brought in to take its place; null where there is none.</summary>
    public required string? Next { get; init; }

    /// <summary>What is not kept as it should be, and why; null where all is well.</summary>
    public required string? Problem { get; init; }

    /// <summary>How far what is missing is brought in; null where nothing was since the agent's start.</summary>
    public required FillReport? Fill { get; init; }

    internal static PinReport Of(PinStatus pin) => new()
    {
        Image = pin.Pin.Reference.Image.ToString(),
        Version = pin.Pin.Reference.Version?.ToString(),
        Profile = pin.Pin.ProfileOnly,
        State = pin.State.ToString().ToLowerInvariant(),
        Keeps = pin.Kept?.ToString(),
        Next = pin.Next?.ToString(),
        Problem = pin.Problem,
        Fill = pin.Fill is { } fill ? FillReport.Of(fill) : null,
    };

    internal static PinReport Recorded(Pin pin, string? keeps) => new()
    {
        Image = pin.Reference.Image.ToString(),
        Version = pin.Reference.Version?.ToString(),
        Profile = pin.ProfileOnly,
        State = null,
        Keeps = keeps,
        Next = null,
        Problem = null,
        Fill = null,
    };
}
