using OsCircular.Blocks;
using OsCircular.Indexes;

namespace OsCircular.Publishing;

/// <summary>What a publish did.</summary>
/// <param name="Version">The version made; the newest one, where the image is unchanged.</param>
/// <param name="Unchanged">The image is just what its newest version holds: nothing was written.</param>
/// <param name="Repository">The repository's ID.</param>
/// <param name="Sequence">The head's sequence.</param>
/// <param name="Geometry">Disk size and block size.</param>
/// <param name="Blocks">What became of the blocks.</param>
/// <param name="NewPages">Index pages added.</param>
/// <param name="NewPageBytes">Bytes in them.</param>
/// <param name="StoredBytes">Bytes of all block files that this version needs, each counted once.</param>
/// <param name="Profile">The profile that it has; null: none.</param>
/// <param name="Elapsed">From the first look at the image to the last sync.</param>
public sealed record PublishResult(
    VersionName Version,
    bool Unchanged,
    RepositoryId Repository,
    long Sequence,
    BlockGeometry Geometry,
    BlockCounts Blocks,
    int NewPages,
    long NewPageBytes,
    long StoredBytes,
    PublishedProfile? Profile,
    TimeSpan Elapsed);

/// <summary>What became of the blocks of a disk.</summary>
/// <param name="Zero">Blocks of zeros, read or in a hole: nothing is stored.</param>
/// <param name="New">Blocks stored for the first time.</param>
/// <param name="Reused">Blocks whose content the repository held, or stood earlier in this disk.</param>
/// <param name="BytesRead">Bytes of the blocks that were read: those in no hole, and of an overlay those that it touches.</param>
/// <param name="NewStoredBytes">Bytes of the block files added.</param>
public readonly record struct BlockCounts(long Zero, long New, long Reused, long BytesRead, long NewStoredBytes)
{
    public long Total => Zero + New + Reused;
}
