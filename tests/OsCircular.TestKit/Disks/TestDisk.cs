using OsCircular.Blocks;
using OsCircular.Indexes;
using OsCircular.Sources;
using OsCircular.TestKit.Sources;

namespace OsCircular.TestKit.Disks;

/// <summary>A published disk in memory: its bytes, its block files and its index, the same for the same seed.</summary>
public sealed class TestDisk
{
    private readonly Dictionary<BlockName, byte[]> _blockFiles = [];
    private readonly List<byte[]> _pages = [];
    private readonly BlockRow[] _rows;

    /// <param name="geometry">Its size and its blocks'.</param>
    /// <param name="seed">What its bytes are.</param>
    /// <param name="zeros">Share of blocks that are all zeros, 0 to 1.</param>
    /// <param name="alter">Changes rows before they enter the index: what a wrong publisher might sign.</param>
    public TestDisk(BlockGeometry geometry, int seed = 1, double zeros = 0.2, Func<long, BlockRow, BlockRow>? alter = null)
    {
        Geometry = geometry;
        Bytes = new byte[geometry.DiskSize];
        _rows = new BlockRow[geometry.BlockCount];
        var random = new Random(seed);
        using var encoder = new BlockEncoder();
        byte[] room = new byte[BlockEncoder.RoomFor(geometry.BlockSize)];
        var index = new IndexTreeBuilder(new IndexShape(geometry), (_, page) => _pages.Add(page.ToArray()));
        for (long block = 0; block < geometry.BlockCount; block++)
        {
            if (random.NextDouble() < zeros)
            {
                index.AddZeros(1);
                continue;
            }

            Span<byte> bytes = Bytes.AsSpan((int)geometry.OffsetOf(block), geometry.LengthOf(block));
            Fill(bytes, random);
            (int length, BlockEncoding encoding) = encoder.Encode(bytes, room);
            byte[] blockFile = room.AsSpan(0, length).ToArray();
            var row = new BlockRow(BlockName.Of(blockFile), Digest.Of(bytes), length, encoding);
            _blockFiles[row.Name] = blockFile;
            _rows[block] = alter is null ? row : alter(block, row);
            index.Add(_rows[block]);
        }

        Root = index.Complete();
    }

    public BlockGeometry Geometry { get; }
    public byte[] Bytes { get; }
    public Digest? Root { get; }
    public IReadOnlyDictionary<BlockName, byte[]> BlockFiles => _blockFiles;
    public IReadOnlyList<byte[]> Pages => _pages;

    /// <summary>The row of a block; <c>default</c> where it is all zeros.</summary>
    public BlockRow Row(long block) => _rows[block];

    public TestDisk AddTo(FakeDocumentSource documents)
    {
        foreach (byte[] page in _pages) documents.Add(DocumentKind.IndexPage, page);
        return this;
    }

    public TestDisk AddTo(FakeBlockSource source)
    {
        foreach (byte[] blockFile in _blockFiles.Values) source.Add(blockFile);
        return this;
    }

    public TestDisk AddTo(FakeLocalBlocks local)
    {
        foreach (byte[] blockFile in _blockFiles.Values) local.Add(blockFile);
        return this;
    }

    /// <summary>Some blocks of text-like bytes, which zstd shrinks, and some of noise, which it does not.</summary>
    private static void Fill(Span<byte> bytes, Random random)
    {
        random.NextBytes(bytes);
        if (random.Next(8) == 0) return;
        int letters = random.Next(2, 40);
        foreach (ref byte letter in bytes) letter = (byte)('a' + letter % letters);
    }
}
