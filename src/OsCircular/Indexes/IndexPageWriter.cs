using System.Buffers.Binary;
using OsCircular.Blocks;

namespace OsCircular.Indexes;

/// <summary>A page being filled from its first entry to its last; reused for the next page of its level.</summary>
internal sealed class IndexPageWriter(int level)
{
    private readonly byte[] _bytes = new byte[IndexPageFormat.HeaderLength + IndexShape.EntriesPerPage * IndexPageFormat.EntryLength(level)];
    private int _count;

    /// <summary>Entries passed so far, present or not.</summary>
    public int Position { get; private set; }

    public bool IsFull => Position == IndexShape.EntriesPerPage;
    public bool IsAllZero => _count == 0;

    /// <param name="entries">At most what the page has left.</param>
    public void AddZeros(int entries) => Position += entries;

    public void Add(in BlockRow row)
    {
        Span<byte> entry = NextEntry();
        row.Name.CopyTo(entry);
        row.Content.CopyTo(entry[IndexPageFormat.RowContentAt..]);
        uint stored = (uint)row.StoredLength | (uint)row.Encoding << IndexPageFormat.EncodingShift;
        BinaryPrimitives.WriteUInt32LittleEndian(entry[IndexPageFormat.RowStoredAt..], stored);
    }

    public void Add(Digest child) => child.CopyTo(NextEntry());

    /// <summary>The finished page file; valid until <see cref="Clear"/>.</summary>
    public ReadOnlyMemory<byte> Finish()
    {
        IndexPageFormat.Magic.CopyTo(_bytes);
        _bytes[IndexPageFormat.VersionAt] = IndexPageFormat.Version;
        _bytes[IndexPageFormat.LevelAt] = (byte)level;
        BinaryPrimitives.WriteUInt16LittleEndian(_bytes.AsSpan(IndexPageFormat.CountAt), (ushort)_count);
        return _bytes.AsMemory(0, IndexPageFormat.HeaderLength + _count * IndexPageFormat.EntryLength(level));
    }

    public void Clear()
    {
        _bytes.AsSpan(IndexPageFormat.BitmapAt, IndexPageFormat.HeaderLength - IndexPageFormat.BitmapAt).Clear();
        _count = 0;
        Position = 0;
    }

    private Span<byte> NextEntry()
    {
        _bytes[IndexPageFormat.BitmapAt + (Position >> 3)] |= (byte)(1 << (Position & 7));
        Position++;
        int length = IndexPageFormat.EntryLength(level);
        return _bytes.AsSpan(IndexPageFormat.HeaderLength + _count++ * length, length);
    }
}
