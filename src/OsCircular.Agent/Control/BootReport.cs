using OsCircular.Disks.Booting;

namespace OsCircular.Agent.Control;

/// <summary>How far a version's profile is fetched ahead of the guest that boots it. Sizes in bytes of block files.</summary>
public sealed record BootReport
{
    public required string Image { get; init; }
    public required string Version { get; init; }

    /// <summary><c>fetching</c>, <c>done</c>, <c>stopped</c> or <c>failed</c>.</summary>
    public required string State { get; init; }

    /// <summary>Blocks that the profile names; null while it is not here.</summary>
    public required int? Blocks { get; init; }

    /// <summary>How many of them were looked at so far.</summary>
    public required int Looked { get; init; }

    /// <summary>Held already, or asked for by the guest first.</summary>
    public required int Held { get; init; }

    /// <summary>Fetched ahead of the guest.</summary>
    public required int Fetched { get; init; }

    public required long FetchedBytes { get; init; }

    /// <summary>Of the fetched ones: asked for by the guest since.</summary>
    public required int Used { get; init; }

    public required string? Problem { get; init; }

    internal static BootReport Of(BootProgress progress) => new()
    {
        Image = progress.Image.ToString(),
        Version = progress.Version.ToString(),
        State = progress.State.ToString().ToLowerInvariant(),
        Blocks = progress.Blocks,
        Looked = progress.Looked,
        Held = progress.Held,
        Fetched = progress.Fetched,
        FetchedBytes = progress.FetchedBytes,
        Used = progress.Used,
        Problem = progress.Problem,
    };
}
