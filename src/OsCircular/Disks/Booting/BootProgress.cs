using OsCircular.Blocks;
using OsCircular.Indexes;

namespace OsCircular.Disks.Booting;

/// <summary>A disk that is being read since it was opened, and the profile of its version.</summary>
/// <param name="Image">Its image.</param>
/// <param name="Version">Its version.</param>
/// <param name="Profile">Digest of the profile.</param>
/// <param name="Disk">The disk itself.</param>
public sealed record BootedDisk(ImageName Image, VersionName Version, Digest Profile, Disk Disk)
{
    public override string ToString() => $"{Image}@{Version}";
}

public enum BootState
{
    Fetching = 0,

    /// <summary>All that the profile names was had.</summary>
    Done,

    /// <summary>The guest went elsewhere, or the disk was closed.</summary>
    Stopped,

    /// <summary>The profile, or much of what it names, could not be had.</summary>
    Failed,
}

/// <summary>How far a profile has been fetched ahead of a guest.</summary>
public sealed record BootProgress
{
    public required ImageName Image { get; init; }
    public required VersionName Version { get; init; }
    public required BootState State { get; init; }

    /// <summary>Blocks that the profile names; null while it is not here.</summary>
    public required int? Blocks { get; init; }

    /// <summary>Of those: looked at so far; the rest of these sums is of them.</summary>
    public required int Looked { get; init; }

    /// <summary>Of those: held already, or asked for by the guest first.</summary>
    public required int Held { get; init; }

    /// <summary>Of those: fetched ahead of the guest, and their stored bytes.</summary>
    public required int Fetched { get; init; }

    public required long FetchedBytes { get; init; }

    /// <summary>Of the fetched ones: asked for by the guest since.</summary>
    public required int Used { get; init; }

    /// <summary>Why it stopped or failed, in one clause; null where all is well.</summary>
    public required string? Problem { get; init; }
}
