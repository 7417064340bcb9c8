using OsCircular.Blocks;

namespace OsCircular.Indexes;

/// <summary>One published, immutable state of an image.</summary>
/// <param name="Name">Unique in its image for all time.</param>
/// <param name="Index">SHA-256 of the index's root page; null for a disk of nothing but zeros.</param>
/// <param name="Geometry">Disk size and block size.</param>
/// <param name="StoredBytes">Bytes of its block files, each counted once; at most the disk's size, and zero exactly where there is no index.</param>
/// <param name="Published">When it was published, in UTC, to the second.</param>
/// <param name="Profile">SHA-256 of its profile; null where none was published.</param>
/// <param name="Retired">Since when the publisher offers it no more, in UTC, to the second; its files go after a time of grace. Null: it is offered.</param>
public sealed record ManifestVersion(
    VersionName Name,
    Digest? Index,
    BlockGeometry Geometry,
    long StoredBytes,
    DateTimeOffset Published,
    Digest? Profile = null,
    DateTimeOffset? Retired = null);
