using OsCircular.Cache;
using OsCircular.Indexes;
using OsCircular.Library.Filling;

namespace OsCircular.Library.Retaining;

/// <summary>What retaining works with; all of it outlives the <see cref="RetainedVersions"/>.</summary>
public sealed record RetainParts
{
    public const string FileName = "retained.json";

    /// <summary>A manifest's longest.</summary>
    public const int MaxLength = 64 << 20;

    public required BlockCache Cache { get; init; }

    /// <summary>Takes in what the cache lacks of a retired version that is open.</summary>
    public required Filler Filler { get; init; }

    /// <summary>Whether somebody has that version's disk open, or may have.</summary>
    public required Func<ImageName, VersionName, bool> IsOpen { get; init; }

    /// <summary>Whether a pin keeps that version.</summary>
    public required Func<ImageName, VersionName, bool> IsPinned { get; init; }

    /// <summary>Whether files may be open that were opened before this process served them.</summary>
    public required Func<bool> WasTakenOver { get; init; }

    /// <summary>Shows another list of versions. Called by one thread at a time; quick.</summary>
    public required Action<Manifest> Show { get; init; }

    public required TimeProvider Time { get; init; }
}
