using OsCircular.Blocks;
using OsCircular.Disks;
using OsCircular.Indexes;
using OsCircular.Sources;
using OsCircular.TestKit.Disks;

namespace OsCircular.Tests.Disks;

public sealed class DiskSeekTests
{
    private const int BlockSize = BlockGeometry.MinBlockSize;

    [Fact]
    public async Task SeekAsync_AnyDisk_AgreesWithItsRows()
    {
        await using var service = new TestService();
        var random = new Random(3);

        // Rows alone matter: 1,300 blocks make an index of two levels and three leaves, with runs longer than a leaf.
        var geometry = new BlockGeometry(1300L * BlockSize - 512, BlockSize);
        bool[] data = new bool[geometry.BlockCount];
        for (int at = 0, run; at < data.Length; at += run + 1)
        {
            run = random.Next(4) == 0 ? random.Next(700) : random.Next(5);
            data.AsSpan(at, Math.Min(run, data.Length - at)).Fill(random.Next(2) == 0);
        }

        Disk disk = Open(service, geometry, block => data[block]);
        for (int i = 0; i < 2000; i++)
        {
            long offset = random.NextInt64(geometry.DiskSize);
            bool wanted = i % 2 == 0;
            long block = geometry.BlockAt(offset);
            while (block < data.Length && data[block] != wanted) block++;
            long expected = block < data.Length ? Math.Max(offset, geometry.OffsetOf(block)) : wanted ? -1 : geometry.DiskSize;
            Assert.Equal((SourceError.None, expected), await SeekAsync(disk, offset, wanted ? SeekTarget.Data : SeekTarget.Hole));
        }

        Assert.Equal(0, service.Upstream.Calls + service.Local.Reads);
    }

    [Theory]
    [InlineData(SeekTarget.Data, 0, -1)]
    [InlineData(SeekTarget.Hole, 5, 5)]
    [InlineData(SeekTarget.Hole, 1L << 40, -1)]
    public async Task SeekAsync_DiskOfZeros_IsOneHole(SeekTarget target, long offset, long expected)
    {
        await using var service = new TestService();
        Disk disk = service.Open(new BlockGeometry(1L << 40, BlockSize), null);
        Assert.Equal((SourceError.None, expected), await SeekAsync(disk, offset, target));
    }

    /// <summary>One block at the end of a disk of 1 TiB: the way there is four pages, and the hole before it needs no others.</summary>
    [Fact]
    public async Task SeekAsync_HugeDisk_FetchesOnlyThePagesOnTheWay()
    {
        await using var service = new TestService();
        var geometry = new BlockGeometry(1L << 40, BlockGeometry.DefaultBlockSize);
        Disk disk = Open(service, geometry, block => block == geometry.BlockCount - 1);
        Assert.Equal((SourceError.None, geometry.OffsetOf(geometry.BlockCount - 1)), await SeekAsync(disk, 4096, SeekTarget.Data));
        Assert.Equal(new IndexShape(geometry).Levels, service.Documents.Calls);
    }

    [Fact]
    public async Task SeekAsync_PageUnreachable_SaysSo()
    {
        await using var service = new TestService();
        Disk disk = Open(service, new BlockGeometry(BlockSize, BlockSize), _ => true);
        service.Documents.Failure = SourceError.Unreachable;
        Assert.Equal((SourceError.Unreachable, -1), await SeekAsync(disk, 0, SeekTarget.Data));
    }

    private static ValueTask<(SourceError Error, long Offset)> SeekAsync(Disk disk, long offset, SeekTarget target) =>
        disk.SeekAsync(offset, target, Deadline.In(TimeSpan.FromSeconds(60), TimeProvider.System), TestContext.Current.CancellationToken);

    /// <summary>A disk whose index says where data is; its block files are nowhere.</summary>
    private static Disk Open(TestService service, BlockGeometry geometry, Func<long, bool> hasData)
    {
        var row = new BlockRow(BlockName.Of([1]), Digest.Of([1]), 1, BlockEncoding.Raw);
        var index = new IndexTreeBuilder(new IndexShape(geometry), (_, page) => service.Documents.Add(DocumentKind.IndexPage, page.ToArray()));
        for (long block = 0; block < geometry.BlockCount; block++)
        {
            if (hasData(block)) index.Add(row);
            else index.AddZeros(1);
        }

        return service.Open(geometry, index.Complete());
    }
}
