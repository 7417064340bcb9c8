using System.Buffers.Binary;
using OsCircular.Blocks;
using OsCircular.Indexes;

namespace OsCircular.Tests.Indexes;

public sealed class IndexPageTests
{
    private const int BlockSize = BlockGeometry.DefaultBlockSize;

    [Fact]
    public void Leaf_OfKnownRows_HasTheGoldenBytes()
    {
        byte[] page = TreeOf(3, builder =>
        {
            builder.Add(RowOf(1, 1000, BlockEncoding.Zstd));
            builder.AddZeros(1);
            builder.Add(RowOf(2, BlockSize, BlockEncoding.Raw));
        }).Root;

        // Changed on purpose? Then raise the version number in the page and in Formats.md.
        Assert.Equal(
            "4f43495801000200" + "0500000000000000" + new string('0', 112)
            + "0101010101010101010101010101010101010101" + "0101010101010101010101010101010101010101010101010101010101010101" + "e8030001"
            + "0202020202020202020202020202020202020202" + "0202020202020202020202020202020202020202020202020202020202020202" + "00000400",
            Convert.ToHexStringLower(page));
        Assert.Equal("5538bc727218a9f8724f0fdeb4f941c15adc21f485b722f0cca5f693ed42a53c", Digest.Of(page).ToString());
    }

    [Fact]
    public void Inner_OfOneChild_HasTheGoldenBytes()
    {
        (byte[] root, int pages) = TreeOf(513, builder =>
        {
            builder.AddZeros(512);
            builder.Add(RowOf(1, 1000, BlockEncoding.Zstd));
        });

        Assert.Equal(2, pages);
        Assert.Equal("4f43495801010100" + "0200000000000000" + new string('0', 112), Convert.ToHexStringLower(root[..72]));
        Assert.Equal(72 + 32, root.Length);
    }

    [Theory]
    [InlineData(0, 4)] // cut within the magic
    [InlineData(0, 71)]
    [InlineData(0, 72)]
    [InlineData(0, 127)]
    public void TryParse_Truncated_IsMalformed(int from, int to) => AssertFault(LeafOf(RowOf(7, 5, BlockEncoding.Zstd))[from..to], IndexPageFault.Malformed);

    [Theory]
    [InlineData(0, (byte)'X', IndexPageFault.Malformed)]
    [InlineData(4, 2, IndexPageFault.Newer)]
    [InlineData(4, 0, IndexPageFault.Malformed)]
    [InlineData(5, 1, IndexPageFault.Malformed)] // level
    [InlineData(6, 2, IndexPageFault.Malformed)] // count
    [InlineData(8, 0, IndexPageFault.Malformed)] // bitmap says fewer
    [InlineData(8, 3, IndexPageFault.Malformed)] // bitmap says more
    [InlineData(72 + 52, 0, IndexPageFault.Malformed)] // stored length 0
    [InlineData(72 + 54, 8, IndexPageFault.Malformed)] // stored length over the block size
    [InlineData(72 + 55, 2, IndexPageFault.Malformed)] // encoding
    public void TryParse_ByteChanged_IsRefused(int at, byte value, IndexPageFault expected)
    {
        byte[] page = LeafOf(RowOf(7, 5, BlockEncoding.Zstd));
        page[at] = value;
        AssertFault(page, expected);
    }

    [Fact]
    public void TryParse_TrailingByte_IsMalformed() => AssertFault([.. LeafOf(RowOf(7, 5, BlockEncoding.Zstd)), 0], IndexPageFault.Malformed);

    [Fact]
    public void TryParse_NoEntry_IsMalformed()
    {
        byte[] page = LeafOf(RowOf(7, 5, BlockEncoding.Zstd))[..72];
        page.AsSpan(6, 3).Clear();
        AssertFault(page, IndexPageFault.Malformed);
    }

    [Fact]
    public void TryParse_StoredLengthOfBlockSize_IsBoundByTheDisksOwnBlockSize()
    {
        byte[] page = LeafOf(RowOf(7, BlockSize, BlockEncoding.Raw));
        Assert.True(IndexPage.TryParse(page, 0, BlockSize, out _, out _));
        Assert.False(IndexPage.TryParse(page, 0, BlockSize / 2, out _, out _));
    }

    [Fact]
    public void TryParse_FullLeaf_IsMaxLength()
    {
        byte[] page = TreeOf(512, builder =>
        {
            for (int i = 0; i < 512; i++) builder.Add(RowOf((byte)i, 1 + i, BlockEncoding.Zstd));
        }).Root;
        Assert.Equal(IndexPage.MaxLength, page.Length);
        Assert.Equal(512, BinaryPrimitives.ReadUInt16LittleEndian(page.AsSpan(6)));
        Assert.True(IndexPage.TryParse(page, 0, BlockSize, out IndexPage? parsed, out _));
        Assert.Equal(512, parsed.NextAbsent(0));
        Assert.True(parsed.TryGetRow(511, out BlockRow last));
        Assert.Equal(RowOf(255, 512, BlockEncoding.Zstd), last);
    }

    private static void AssertFault(byte[] bytes, IndexPageFault expected)
    {
        Assert.False(IndexPage.TryParse(bytes, 0, BlockSize, out IndexPage? page, out IndexPageFault fault));
        Assert.Null(page);
        Assert.Equal(expected, fault);
    }

    private static byte[] LeafOf(BlockRow row) => TreeOf(1, builder => builder.Add(row)).Root;

    private static (byte[] Root, int Pages) TreeOf(long blocks, Action<IndexTreeBuilder> feed)
    {
        byte[] last = [];
        int pages = 0;
        var builder = new IndexTreeBuilder(new IndexShape(new BlockGeometry(blocks * BlockSize, BlockSize)), (_, page) =>
        {
            last = page.ToArray();
            pages++;
        });
        feed(builder);
        Digest? root = builder.Complete();
        Assert.Equal(Digest.Of(last), root);
        return (last, pages);
    }

    private static BlockRow RowOf(byte fill, int stored, BlockEncoding encoding)
    {
        Span<byte> bytes = stackalloc byte[Digest.Size];
        bytes.Fill(fill);
        return new BlockRow(new BlockName(bytes[..BlockName.Size]), new Digest(bytes), stored, encoding);
    }
}
