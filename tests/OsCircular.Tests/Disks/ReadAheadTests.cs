using OsCircular.Blocks;
using OsCircular.Disks;
using OsCircular.Sources;
using OsCircular.TestKit;
using OsCircular.TestKit.Disks;
using OsCircular.TestKit.Sources;

namespace OsCircular.Tests.Disks;

public sealed class ReadAheadTests
{
    private const int BlockSize = BlockGeometry.MinBlockSize;

    private static readonly DiskOptions Options = new() { MemoryBytes = DiskOptions.MinMemoryBytes, ReadAheadBlocks = 16 };
    private static readonly TestDisk Image = new(new BlockGeometry(300 * BlockSize, BlockSize), zeros: 0.1);

    [Fact]
    public async Task Read_InOrderFromTheCache_FindsBlocksInMemory()
    {
        await using var service = new TestService(Options);
        Disk disk = service.Open(Image, local: true, upstream: false);
        await ReadAllAsync(disk, BlockSize);
        DiskStatus status = service.Status;
        Assert.InRange(status.ReadAheadUsed, 200, status.ReadAhead);
        Assert.Equal(0, status.ReadAheadWasted);
        Assert.Equal(Image.BlockFiles.Count, service.Local.Reads);
    }

    [Fact]
    public async Task Read_InOrderFromTheNetwork_FetchesAheadInProfileClass()
    {
        await using var service = new TestService(Options);
        Disk disk = service.Open(Image, local: false, upstream: true);
        await ReadAllAsync(disk, BlockSize);
        Assert.Equal(Image.BlockFiles.Count, service.Upstream.Calls);
        Assert.True(service.Status.ReadAheadUsed > 0);
    }

    [Fact]
    public async Task Read_ShortRunFromTheNetwork_FetchesNothingAhead()
    {
        await using var service = new TestService(Options);
        Disk disk = service.Open(Image, local: false, upstream: true);
        for (int i = 0; i < 7; i++) await TestRead.OfAsync(disk, i * BlockSize, BlockSize);
        Assert.Equal(0, service.Status.ReadAhead);
    }

    [Fact]
    public async Task Read_OfABlockBeingFetchedAhead_RaisesItsClass()
    {
        var image = new TestDisk(new BlockGeometry(16 * BlockSize, BlockSize), zeros: 0);
        await using var service = new TestService(Options);
        Disk disk = service.Open(image, local: false, upstream: true);

        // Brings the index page: reads that wait for one go on in any order, and would be no run.
        Assert.Equal(SourceError.None, (await TestRead.OfAsync(disk, 15 * BlockSize, BlockSize, inline: true)).Error);
        service.Upstream.Gate = FakeBlockSource.Closed();
        List<TestRead> reads = [];
        for (int i = 0; i < 8; i++) reads.Add(new TestRead().Start(disk, i * BlockSize, BlockSize));
        BlockRequest ahead = await RequestAsync(service.Upstream, image.Row(8).Name);
        Assert.Equal(FetchClass.Profile, ahead.Class);

        reads.Add(new TestRead().Start(disk, 8 * BlockSize, BlockSize));
        Assert.Equal(FetchClass.Reader, ahead.Class);
        service.Upstream.Gate.SetResult();
        await Task.WhenAll(reads.Select(read => read.Done)).WaitAsync(TimeSpan.FromSeconds(60));
        Assert.All(reads, read => Assert.Equal(SourceError.None, read.Take().Error));
        Assert.Single(service.Upstream.Requests, request => request.Name == ahead.Name);
    }

    [Fact]
    public async Task Read_AtRandom_ReadsNothingAhead()
    {
        await using var service = new TestService(Options);
        Disk disk = service.Open(Image, local: true, upstream: false);
        var random = new Random(5);
        for (int i = 0; i < 1000; i++) await TestRead.OfAsync(disk, random.Next(150) * 2L * BlockSize, 4096, inline: true);
        Assert.Equal(0, service.Status.ReadAhead);
    }

    private static async Task ReadAllAsync(Disk disk, int length)
    {
        for (long at = 0; at < disk.Geometry.DiskSize; at += length)
        {
            (SourceError error, byte[] bytes) = await TestRead.OfAsync(disk, at, length, inline: true);
            Assert.Equal(SourceError.None, error);
            Assert.True(Image.Bytes.AsSpan((int)at, bytes.Length).SequenceEqual(bytes));
        }
    }

    private static async Task<BlockRequest> RequestAsync(FakeBlockSource source, BlockName name)
    {
        BlockRequest? found = null;
        await Eventually.IsSoAsync(() => (found = source.Requests.FirstOrDefault(request => request.Name == name)) is not null, $"block {name} is asked for");
        return found!;
    }
}
