using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Numerics;
using OsCircular.Blocks;

namespace OsCircular.Indexes;

/// <summary>Why bytes are no index page that this program can use.</summary>
public enum IndexPageFault
{
    None = 0,

    /// <summary>Not an index page, or one that breaks its format.</summary>
    Malformed,

    /// <summary>Written in a later format: a newer program reads it.</summary>
    Newer,
}

/// <summary>
/// One page of an index tree, checked whole when parsed; looking things up then allocates nothing and cannot fail.
/// Immutable, safe to share. Keeps the memory it was parsed from: the caller must not reuse it.
/// </summary>
public sealed class IndexPage
{
    /// <summary>No page file is longer, in bytes: a leaf with all its rows.</summary>
    public const int MaxLength = IndexPageFormat.HeaderLength + IndexShape.EntriesPerPage * IndexPageFormat.RowLength;

    private readonly ReadOnlyMemory<byte> _entries;
    private readonly ulong[] _present;
    private readonly ushort[] _rank; // entries present before each word of the bitmap

    private IndexPage(int level, int count, ulong[] present, ushort[] rank, ReadOnlyMemory<byte> entries)
    {
        Level = level;
        Count = count;
        _present = present;
        _rank = rank;
        _entries = entries;
    }

    /// <summary>0 for a leaf, whose entries are block rows; else entries are pages of the level below.</summary>
    public int Level { get; }

    /// <summary>Entries that are not all zeros, 1 to 512.</summary>
    public int Count { get; }

    /// <summary>Parses a page whose digest was already verified.</summary>
    /// <param name="bytes">The page file, kept by the page.</param>
    /// <param name="level">The level that the path to it demands.</param>
    /// <param name="blockSize">Block size of the disk in bytes: the bound on stored lengths.</param>
    /// <param name="page">The page, or null.</param>
    /// <param name="fault">Why there is none.</param>
    public static bool TryParse(ReadOnlyMemory<byte> bytes, int level, int blockSize, [NotNullWhen(true)] out IndexPage? page, out IndexPageFault fault)
    {
        page = null;
        fault = IndexPageFault.Malformed;
        ReadOnlySpan<byte> span = bytes.Span;
        if (span.Length <= IndexPageFormat.VersionAt || !span.StartsWith(IndexPageFormat.Magic)) return false;
        if (span[IndexPageFormat.VersionAt] > IndexPageFormat.Version) fault = IndexPageFault.Newer;
        if (span[IndexPageFormat.VersionAt] != IndexPageFormat.Version) return false;
        if (span.Length < IndexPageFormat.HeaderLength || span[IndexPageFormat.LevelAt] != level) return false;

        var present = new ulong[IndexPageFormat.BitmapWords];
        var rank = new ushort[IndexPageFormat.BitmapWords];
        int count = 0;
        for (int word = 0; word < present.Length; word++)
        {
            present[word] = BinaryPrimitives.ReadUInt64LittleEndian(span[(IndexPageFormat.BitmapAt + 8 * word)..]);
            rank[word] = (ushort)count;
            count += BitOperations.PopCount(present[word]);
        }

        ReadOnlyMemory<byte> entries = bytes[IndexPageFormat.HeaderLength..];
        if (count == 0 || count != BinaryPrimitives.ReadUInt16LittleEndian(span[IndexPageFormat.CountAt..])) return false;
        if (entries.Length != count * IndexPageFormat.EntryLength(level)) return false;
        if (level == 0 && !AreRowsGood(entries.Span, blockSize)) return false;

        page = new IndexPage(level, count, present, rank, entries);
        fault = IndexPageFault.None;
        return true;
    }

    /// <param name="entry">0 to 511.</param>
    public bool IsZero(int entry) => (_present[entry >> 6] >> entry & 1) == 0;

    /// <summary>The row of a block, in a leaf; false where the block is all zeros.</summary>
    public bool TryGetRow(int entry, out BlockRow row)
    {
        row = default;
        if (Level != 0) throw new InvalidOperationException("Only a leaf has rows.");
        if (IsZero(entry)) return false;
        ReadOnlySpan<byte> bytes = _entries.Span.Slice(Rank(entry) * IndexPageFormat.RowLength, IndexPageFormat.RowLength);
        uint stored = BinaryPrimitives.ReadUInt32LittleEndian(bytes[IndexPageFormat.RowStoredAt..]);
        row = new BlockRow(
            new BlockName(bytes[..BlockName.Size]),
            new Digest(bytes.Slice(IndexPageFormat.RowContentAt, Digest.Size)),
            (int)(stored & IndexPageFormat.StoredLengthMask),
            (BlockEncoding)(stored >> IndexPageFormat.EncodingShift));
        return true;
    }

    /// <summary>The digest of a page of the level below, above the leaves; false where all its blocks are zeros.</summary>
    public bool TryGetChild(int entry, out Digest child)
    {
        child = default;
        if (Level == 0) throw new InvalidOperationException("A leaf has no children.");
        if (IsZero(entry)) return false;
        child = new Digest(_entries.Span.Slice(Rank(entry) * IndexPageFormat.ChildLength, IndexPageFormat.ChildLength));
        return true;
    }

    /// <summary>The first entry at or after <paramref name="from"/> (0 to 512) that is not all zeros; 512 where there is none.</summary>
    public int NextPresent(int from) => Next(from, 0);

    /// <summary>The first entry at or after <paramref name="from"/> (0 to 512) that is all zeros; 512 where there is none.</summary>
    public int NextAbsent(int from) => Next(from, ulong.MaxValue);

    private int Next(int from, ulong flip)
    {
        for (int word = from >> 6; word < _present.Length; word++, from = word << 6)
        {
            ulong bits = (_present[word] ^ flip) & (ulong.MaxValue << from);
            if (bits != 0) return (word << 6) + BitOperations.TrailingZeroCount(bits);
        }

        return IndexShape.EntriesPerPage;
    }

    private int Rank(int entry) => _rank[entry >> 6] + BitOperations.PopCount(_present[entry >> 6] & ((1UL << entry) - 1));

    private static bool AreRowsGood(ReadOnlySpan<byte> rows, int blockSize)
    {
        for (; !rows.IsEmpty; rows = rows[IndexPageFormat.RowLength..])
        {
            uint stored = BinaryPrimitives.ReadUInt32LittleEndian(rows[IndexPageFormat.RowStoredAt..]);
            var encoding = (BlockEncoding)(stored >> IndexPageFormat.EncodingShift);
            if (encoding is not (BlockEncoding.Raw or BlockEncoding.Zstd)) return false;
            uint length = stored & IndexPageFormat.StoredLengthMask;
            if (length == 0 || length > (uint)blockSize) return false;
        }

        return true;
    }
}
