using OsCircular.Blocks;

namespace OsCircular.Indexes;

/// <summary>Takes a finished page: its digest (its name) and its bytes, which are valid only during the call.</summary>
public delegate void IndexPageSink(Digest digest, ReadOnlyMemory<byte> page);

/// <summary>
/// Builds an index from rows fed in block order. A page is emitted as soon as it is full, children before parents; pages of zeros are not.
/// Memory: one page for each level, whatever the disk's size. Not thread-safe.
/// </summary>
public sealed class IndexTreeBuilder
{
    private readonly IndexShape _shape;
    private readonly IndexPageSink _sink;
    private readonly IndexPageWriter[] _open;

    public IndexTreeBuilder(IndexShape shape, IndexPageSink sink)
    {
        _shape = shape;
        _sink = sink;
        _open = new IndexPageWriter[shape.Levels];
        for (int level = 0; level < _open.Length; level++) _open[level] = new IndexPageWriter(level);
    }

    /// <summary>Blocks fed so far: the number of the next.</summary>
    public long NextBlock { get; private set; }

    public void Add(in BlockRow row)
    {
        CheckRoom(1);
        if (row.StoredLength <= 0 || row.StoredLength > _shape.Geometry.BlockSize)
            throw new ArgumentException($"A stored length of {row.StoredLength} bytes cannot be.", nameof(row));
        _open[0].Add(row);
        NextBlock++;
        CloseFullPages();
    }

    /// <summary>Feeds a run of blocks that are all zeros.</summary>
    public void AddZeros(long blocks)
    {
        CheckRoom(blocks);
        NextBlock += blocks;
        while (blocks > 0)
        {
            int entries = (int)Math.Min(blocks, IndexShape.EntriesPerPage - _open[0].Position);
            _open[0].AddZeros(entries);
            blocks -= entries;
            CloseFullPages();
        }
    }

    /// <summary>Emits what is left, after the last block.</summary>
    /// <returns>The root's digest; null where the whole disk is zeros.</returns>
    public Digest? Complete()
    {
        if (NextBlock != _shape.Geometry.BlockCount) throw new InvalidOperationException($"{NextBlock} of {_shape.Geometry.BlockCount} blocks were fed.");
        for (int level = 0; level < _shape.RootLevel; level++)
        {
            if (_open[level].Position > 0) HandUp(level);
        }

        return Emit(_shape.RootLevel);
    }

    private void CheckRoom(long blocks)
    {
        if (blocks < 0 || blocks > _shape.Geometry.BlockCount - NextBlock) throw new InvalidOperationException("More blocks than the disk has.");
    }

    private void CloseFullPages()
    {
        for (int level = 0; level < _shape.RootLevel && _open[level].IsFull; level++) HandUp(level);
    }

    private void HandUp(int level)
    {
        if (Emit(level) is { } digest) _open[level + 1].Add(digest);
        else _open[level + 1].AddZeros(1);
    }

    private Digest? Emit(int level)
    {
        IndexPageWriter page = _open[level];
        Digest? digest = null;
        if (!page.IsAllZero)
        {
            ReadOnlyMemory<byte> bytes = page.Finish();
            digest = Digest.Of(bytes.Span);
            _sink(digest.Value, bytes);
        }

        page.Clear();
        return digest;
    }
}
