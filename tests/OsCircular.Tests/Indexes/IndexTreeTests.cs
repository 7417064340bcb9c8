using CsCheck;
using OsCircular.Blocks;
using OsCircular.Indexes;

namespace OsCircular.Tests.Indexes;

/// <summary>Trees built from random disks, looked up block by block, against a plain array.</summary>
public sealed class IndexTreeTests
{
    private const int BlockSize = BlockGeometry.MinBlockSize;

    // Runs of (length, zeros or not): short and long ones, so that pages come out empty, full and mixed, on one to three levels.
    private static readonly Gen<(int Length, bool Zero)[]> Disks =
        Gen.Select(Gen.OneOf(Gen.Int[1, 40], Gen.Int[400, 3000], Gen.Const(512), Gen.Const(512 * 512)), Gen.Bool).Array[1, 6]
            .Where(runs => runs.Count(run => run.Item1 == 512 * 512) <= 1);

    [Fact]
    public void Build_ThenLookUp_YieldsWhatWasFed() => Disks.Sample(runs =>
    {
        BlockRow?[] model = runs.SelectMany((run, r) => Enumerable.Range(0, run.Length).Select(i => run.Zero ? (BlockRow?)null : RowOf(r, i))).ToArray();
        var tree = new Tree(model.Length);
        foreach ((int length, bool zero) in runs)
        {
            if (zero) tree.Builder.AddZeros(length);
            else for (long end = tree.Builder.NextBlock + length; tree.Builder.NextBlock < end;) tree.Builder.Add(model[tree.Builder.NextBlock]!.Value);
        }

        tree.Root = tree.Builder.Complete();
        Assert.Equal(model.All(row => row is null), tree.Root is null);
        for (long block = 0; block < model.Length; block += block % 512 is > 2 and < 500 ? 7 : 1) Assert.Equal(model[block], tree.Find(block));
    }, iter: 30);

    [Fact]
    public void NextPresentAndAbsent_AgreeWithABitByBitSearch() => Gen.Bool.Array[512].Select(Gen.Int[0, 512]).Sample((bits, from) =>
    {
        bits[from % 512] = true;
        var tree = new Tree(512);
        for (int i = 0; i < 512; i++)
        {
            if (bits[i]) tree.Builder.Add(RowOf(0, i));
            else tree.Builder.AddZeros(1);
        }

        IndexPage page = tree.Page(tree.Builder.Complete()!.Value, 0);
        Assert.Equal(bits.Count(bit => bit), page.Count);
        Assert.Equal(Search(true), page.NextPresent(from));
        Assert.Equal(Search(false), page.NextAbsent(from));

        int Search(bool wanted)
        {
            int found = Array.IndexOf(bits, wanted, from);
            return found < 0 ? 512 : found;
        }
    }, iter: 200);

    [Theory]
    [InlineData(1, 1)]
    [InlineData(512, 1)]
    [InlineData(513, 2)]
    [InlineData(512 * 512, 2)]
    [InlineData(512 * 512 + 1, 3)]
    [InlineData(1L << 45, 5)]
    public void Shape_Levels_AreJustEnough(long blocks, int levels)
    {
        var shape = new IndexShape(new BlockGeometry(blocks * BlockSize, BlockSize));
        Assert.Equal(levels, shape.Levels);
        Assert.Equal(1, shape.PagesAt(shape.RootLevel));
        Assert.Equal((blocks + 511) / 512, shape.PagesAt(0));
        long last = blocks - 1;
        long byEntries = Enumerable.Range(0, levels).Sum(level => IndexShape.EntryOf(last, level) * IndexShape.BlocksPerEntry(level));
        Assert.Equal(last, byEntries);
    }

    [Fact]
    public void Build_OneBlockChanged_SharesAllOtherPages()
    {
        Tree Build(int changed)
        {
            var tree = new Tree(512 * 600);
            for (int i = 0; i < 512 * 600; i++) tree.Builder.Add(i == changed ? RowOf(1, i) : RowOf(0, i));
            tree.Builder.Complete();
            return tree;
        }

        Tree first = Build(-1), second = Build(100_000);
        Assert.Equal(3, second.Pages.Keys.Except(first.Pages.Keys).Count()); // a leaf, an inner page, the root
    }

    [Fact]
    public void Complete_WithTooFewOrTooManyBlocks_Throws()
    {
        var tree = new Tree(2);
        tree.Builder.Add(RowOf(0, 0));
        Assert.Throws<InvalidOperationException>(() => tree.Builder.Complete());
        Assert.Throws<InvalidOperationException>(() => tree.Builder.AddZeros(2));
    }

    private static BlockRow RowOf(int run, int i)
    {
        Span<byte> bytes = stackalloc byte[Digest.Size];
        BitConverter.TryWriteBytes(bytes, i);
        BitConverter.TryWriteBytes(bytes[4..], run);
        bytes[19] = 1;
        return new BlockRow(new BlockName(bytes[..BlockName.Size]), new Digest(bytes), 1 + i % BlockSize, i % 3 == 0 ? BlockEncoding.Raw : BlockEncoding.Zstd);
    }

    private sealed class Tree
    {
        private readonly IndexShape _shape;
        private readonly Dictionary<Digest, IndexPage> _parsed = [];

        public Tree(long blocks)
        {
            _shape = new IndexShape(new BlockGeometry(blocks * BlockSize, BlockSize));
            Builder = new IndexTreeBuilder(_shape, (digest, page) => Pages[digest] = page.ToArray());
        }

        public IndexTreeBuilder Builder { get; }
        public Dictionary<Digest, byte[]> Pages { get; } = [];
        public Digest? Root { get; set; }

        public IndexPage Page(Digest digest, int level)
        {
            if (_parsed.TryGetValue(digest, out IndexPage? page)) return page;
            Assert.Equal(digest, Digest.Of(Pages[digest]));
            Assert.True(IndexPage.TryParse(Pages[digest], level, BlockSize, out page, out _));
            return _parsed[digest] = page;
        }

        public BlockRow? Find(long block)
        {
            if (Root is not { } digest) return null;
            for (int level = _shape.RootLevel; level > 0; level--)
            {
                if (!Page(digest, level).TryGetChild(IndexShape.EntryOf(block, level), out digest)) return null;
            }

            return Page(digest, 0).TryGetRow(IndexShape.EntryOf(block, 0), out BlockRow row) ? row : null;
        }
    }
}
