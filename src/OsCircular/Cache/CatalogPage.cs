using System.Buffers.Binary;
using OsCircular.Blocks;

namespace OsCircular.Cache;

/// <summary>One held block as the catalogue remembers it.</summary>
/// <param name="Name">The block.</param>
/// <param name="StoredLength">Bytes of the block file.</param>
/// <param name="LastUse">Seconds since <see cref="BlockInventory.Epoch"/>.</param>
/// <param name="Eviction">The eviction policy's own byte.</param>
/// <param name="From">Where it came from.</param>
/// <param name="Proof">The proof mark; 0 for none.</param>
internal readonly record struct CatalogRow(BlockName Name, int StoredLength, uint LastUse, byte Eviction, SourceKind From, ulong Proof);

/// <summary>
/// 2048 slots of the block table in one packed document, so that a million blocks are 489 documents, none so large that it lands on the large object heap. Format in Formats.md:
/// "OCCP", version (u16 LE), number of rows (u16 LE), then rows of 38 bytes by slot; a row whose name is all zero is empty.
/// </summary>
internal static class CatalogPage
{
    public const ushort Version = 1;
    public const int HeaderSize = 8;
    public const int RowSize = 38;
    public const int MaxSize = HeaderSize + RowSize * PagedArray<int>.PageSize;

    private static ReadOnlySpan<byte> Magic => "OCCP"u8;

    public static int SizeOf(int rows) => HeaderSize + rows * RowSize;

    /// <param name="page">At least <see cref="SizeOf"/> bytes.</param>
    /// <param name="rows">0 to 2048.</param>
    public static void WriteHeader(Span<byte> page, int rows)
    {
        Magic.CopyTo(page);
        BinaryPrimitives.WriteUInt16LittleEndian(page[4..], Version);
        BinaryPrimitives.WriteUInt16LittleEndian(page[6..], (ushort)rows);
    }

    public static void WriteRow(Span<byte> page, int index, in CatalogRow row)
    {
        Span<byte> bytes = page.Slice(SizeOf(index), RowSize);
        row.Name.CopyTo(bytes);
        BinaryPrimitives.WriteInt32LittleEndian(bytes[20..], row.StoredLength);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes[24..], row.LastUse);
        bytes[28] = row.Eviction;
        bytes[29] = (byte)row.From;
        BinaryPrimitives.WriteUInt64LittleEndian(bytes[30..], row.Proof);
    }

    /// <returns>Whether this is a whole page of this version; then the number of its rows.</returns>
    public static bool TryReadHeader(ReadOnlySpan<byte> page, out int rows)
    {
        rows = 0;
        if (page.Length is < HeaderSize or > MaxSize || !page.StartsWith(Magic)) return false;
        if (BinaryPrimitives.ReadUInt16LittleEndian(page[4..]) != Version) return false;
        rows = BinaryPrimitives.ReadUInt16LittleEndian(page[6..]);
        return page.Length == SizeOf(rows);
    }

    /// <returns>False where the slot is empty, or the row is none of ours.</returns>
    public static bool TryReadRow(ReadOnlySpan<byte> page, int index, out CatalogRow row)
    {
        ReadOnlySpan<byte> bytes = page.Slice(SizeOf(index), RowSize);
        row = new CatalogRow(
            new BlockName(bytes[..BlockName.Size]),
            BinaryPrimitives.ReadInt32LittleEndian(bytes[20..]),
            BinaryPrimitives.ReadUInt32LittleEndian(bytes[24..]),
            bytes[28],
            (SourceKind)bytes[29],
            BinaryPrimitives.ReadUInt64LittleEndian(bytes[30..]));
        return row.Name != default && row.StoredLength is >= 0 and <= StoredBlock.MaxLength;
    }
}
