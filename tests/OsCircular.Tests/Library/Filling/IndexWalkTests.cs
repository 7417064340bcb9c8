using CsCheck;
using OsCircular.Blocks;
using OsCircular.Indexes;
using OsCircular.Library.Filling;
using OsCircular.Sources;
using OsCircular.TestKit.Sources;

namespace OsCircular.Tests.Library.Filling;

/// <summary>Walks through sparse disks of one to three levels, against the plain list of their blocks.</summary>
public sealed class IndexWalkTests
{
    private const int BlockSize = BlockGeometry.MinBlockSize;
    private static readonly Deadline Limit = Deadline.In(TimeSpan.FromMinutes(1), TimeProvider.System);

    // Zeros before each block: within a page, past it, past a page of pages.
    private static readonly Gen<int[]> Gaps = Gen.OneOf(Gen.Const(0), Gen.Int[0, 5], Gen.Int[400, 1100], Gen.Int[250_000, 300_000]).Array[0, 30];

    [Fact]
    public void Find_FromAnywhere_YieldsEveryBlockFromThereOn() => Gaps.Select(Gen.Double[0, 1]).Sample((gaps, from) =>
    {
        (FakeDocumentSource documents, BlockGeometry geometry, Digest? root, List<long> stored) = Build(gaps, zerosAtTheEnd: gaps.Length % 3);
        long start = (long)(from * (geometry.BlockCount - 1));
        IndexWalk walk = new(geometry, root, documents);
        List<long> seen = [];
        for (long at = start; ; at++)
        {
            (SourceError error, at, BlockRow row) = walk.FindAsync(at, Limit, default).AsTask().Result;
            Assert.Equal(SourceError.None, error);
            if (at >= geometry.BlockCount) break;
            Assert.Equal(RowOf(at), row);
            seen.Add(at);
        }

        Assert.Equal(stored.Where(block => block >= start), seen);
    }, iter: 40);

    [Fact]
    public async Task Find_FromEndToEnd_AsksForEachPageOnce()
    {
        (FakeDocumentSource documents, BlockGeometry geometry, Digest? root, List<long> stored) = Build([.. Enumerable.Repeat(0, 3000)], 0);
        IndexWalk walk = new(geometry, root, documents);
        foreach (long block in stored) Assert.Equal(block, (await walk.FindAsync(block, Limit, default)).Block);
        Assert.Equal(1 + ((3000 + 511) / 512), documents.Calls);
    }

    [Fact]
    public async Task Find_PageCannotBeHad_SaysWhy()
    {
        (FakeDocumentSource documents, BlockGeometry geometry, Digest? root, _) = Build([3], 0);
        documents.Failure = SourceError.Unreachable;
        Assert.Equal(SourceError.Unreachable, (await new IndexWalk(geometry, root, documents).FindAsync(0, Limit, default)).Error);
    }

    [Fact]
    public async Task Find_PageIsNone_IsInvalid()
    {
        FakeDocumentSource documents = new();
        Digest root = documents.Add(DocumentKind.IndexPage, [1, 2, 3]).Digest;
        Assert.Equal(SourceError.Invalid, (await new IndexWalk(new BlockGeometry(BlockSize, BlockSize), root, documents).FindAsync(0, Limit, default)).Error);
    }

    private static (FakeDocumentSource Documents, BlockGeometry Geometry, Digest? Root, List<long> Stored) Build(int[] gaps, int zerosAtTheEnd)
    {
        FakeDocumentSource documents = new();
        BlockGeometry geometry = new(Math.Max(1, gaps.Sum(gap => (long)gap + 1) + zerosAtTheEnd) * BlockSize, BlockSize);
        IndexTreeBuilder builder = new(new IndexShape(geometry), (_, page) => documents.Add(DocumentKind.IndexPage, page.ToArray()));
        List<long> stored = [];
        foreach (int gap in gaps)
        {
            builder.AddZeros(gap);
            stored.Add(builder.NextBlock);
            builder.Add(RowOf(builder.NextBlock));
        }

        builder.AddZeros(geometry.BlockCount - builder.NextBlock);
        return (documents, geometry, builder.Complete(), stored);
    }

    private static BlockRow RowOf(long block)
    {
        byte[] bytes = BitConverter.GetBytes(block);
        return new BlockRow(BlockName.Of(bytes), Digest.Of(bytes), 1 + (int)(block % BlockSize), BlockEncoding.Zstd);
    }
}
