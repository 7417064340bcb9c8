using OsCircular.Blocks;
using OsCircular.Indexes;

namespace OsCircular.Publishing;

/// <summary>What of a profile fits a disk: pure.</summary>
internal static class ProfileRule
{
    /// <summary>Keeps the blocks that lie within the disk and have content there, in their order.</summary>
    /// <param name="blocks">Numbers of blocks of a disk with blocks of <paramref name="blockSize"/>.</param>
    /// <param name="blockSize">Bytes. Where the disk's blocks have another size, the numbers mean nothing there.</param>
    /// <param name="disk">The disk that it is to fit.</param>
    /// <param name="hasContent">Whether a block within that disk is not all zeros.</param>
    /// <returns>Null where nothing is left.</returns>
    public static BootProfile? Fit(IEnumerable<long> blocks, int blockSize, BlockGeometry disk, Func<long, bool> hasContent)
    {
        if (blockSize != disk.BlockSize) return null;
        long[] kept = [.. blocks.Where(block => block < disk.BlockCount && hasContent(block))];
        return kept.Length == 0 ? null : new BootProfile(kept);
    }
}
