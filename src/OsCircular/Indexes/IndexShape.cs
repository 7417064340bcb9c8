using System.Numerics;
using OsCircular.Blocks;

namespace OsCircular.Indexes;

/// <summary>
/// How the blocks of a disk fall into the pages of its index tree: level 0 are the leaves, whose entries are block rows;
/// an entry of any other level is a page of the level below. The root is the one page of the highest level.
/// </summary>
public readonly record struct IndexShape
{
    /// <summary>Entries in a page, present or not.</summary>
    public const int EntriesPerPage = 512;

    private const int BitsPerLevel = 9;

    public IndexShape(BlockGeometry geometry)
    {
        Geometry = geometry;
        int blockBits = 64 - BitOperations.LeadingZeroCount((ulong)(geometry.BlockCount - 1));
        Levels = Math.Max(1, (blockBits + BitsPerLevel - 1) / BitsPerLevel);
    }

    public BlockGeometry Geometry { get; }

    /// <summary>Levels of the tree, at least 1; the root's level is one less.</summary>
    public int Levels { get; }

    public int RootLevel => Levels - 1;

    /// <summary>Which entry, 0 to 511, leads to this block in the page of this level above it.</summary>
    public static int EntryOf(long block, int level) => (int)(block >> (BitsPerLevel * level)) & (EntriesPerPage - 1);

    /// <summary>Blocks that one entry of this level stands for: 1 in a leaf, 512 above it, and so on.</summary>
    public static long BlocksPerEntry(int level) => 1L << (BitsPerLevel * level);

    /// <summary>The number, from the left, of the page of this level that leads to this block.</summary>
    public static long PageOf(long block, int level) => block >> (BitsPerLevel * (level + 1));

    /// <summary>The first block that this page of this level leads to.</summary>
    public static long FirstBlockOf(long page, int level) => page << (BitsPerLevel * (level + 1));

    /// <summary>Pages of this level, all-zero ones too.</summary>
    public long PagesAt(int level) => PageOf(Geometry.BlockCount - 1, level) + 1;
}
