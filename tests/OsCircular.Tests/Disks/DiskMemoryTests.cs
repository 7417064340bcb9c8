using OsCircular.Blocks;
using OsCircular.Disks;
using OsCircular.Sources;
using OsCircular.TestKit;
using OsCircular.TestKit.Disks;

namespace OsCircular.Tests.Disks;

/// <summary>More is asked for than memory holds, or the disk below hangs: readers wait, none for ever, and none wrongly.</summary>
public sealed class DiskMemoryTests
{
    private const int Large = BlockGeometry.MaxBlockSize;

    private static readonly DiskOptions Least = new() { MemoryBytes = DiskOptions.MinMemoryBytes, Workers = 2, ReadAheadBlocks = 0 };
    private static readonly TestDisk Image = new(new BlockGeometry(10 * Large, Large), zeros: 0);

    [Fact]
    public async Task Read_AllSlotsInUse_WaitsForAReleaseInTurn()
    {
        await using var service = new TestService(Least);
        Disk disk = service.Open(Image, local: true, upstream: false);
        await HaveIndexAsync(disk);

        // Each takes two of the four slots, across a border.
        TestRead[] reads = [.. Enumerable.Range(0, 4).Select(i => new TestRead().Start(disk, (2 * i + 1) * (long)Large - 4096, 8192))];
        await Task.WhenAll(reads[0].Done, reads[1].Done).WaitAsync(TimeSpan.FromSeconds(60));
        Assert.False(reads[2].Done.IsCompleted);
        Assert.Equal(2, service.Status.WaitingReads);

        // What the first gives back is the third's, who waited longer than the fourth.
        Check(reads[0], 0);
        await reads[2].Done.WaitAsync(TimeSpan.FromSeconds(60));
        Assert.False(reads[3].Done.IsCompleted);
        Check(reads[1], 1);
        await reads[3].Done.WaitAsync(TimeSpan.FromSeconds(60));
        Check(reads[2], 2);
        Check(reads[3], 3);
    }

    /// <summary>Reads once, so that the reads that follow claim their memory in the order in which they start and not as index pages come.</summary>
    private static async Task HaveIndexAsync(Disk disk) => Assert.Equal(SourceError.None, (await TestRead.OfAsync(disk, 0, 4096)).Error);

    [Fact]
    public async Task Read_ManyMoreReadersThanSlots_AllAreServed()
    {
        await using var service = new TestService(Least);
        Disk disk = service.Open(Image, local: true, upstream: false);
        await Task.WhenAll(Enumerable.Range(0, 32).Select(reader => Task.Run(async () =>
        {
            var random = new Random(reader);
            for (int i = 0; i < 10; i++)
            {
                long offset = random.Next(1, 10) * (long)Large - 4096;
                (SourceError error, byte[] bytes) = await TestRead.OfAsync(disk, offset, 8192, inline: reader % 2 == 0);
                Assert.Equal(SourceError.None, error);
                Assert.True(Image.Bytes.AsSpan((int)offset, 8192).SequenceEqual(bytes));
            }
        })));
        Assert.Equal(0, service.Status.WaitingReads);
    }

    [Fact]
    public async Task Cancel_OfAReadThatWaitsForMemory_LetsTheNextGo()
    {
        await using var service = new TestService(Least);
        Disk disk = service.Open(Image, local: true, upstream: false);
        await HaveIndexAsync(disk);
        TestRead[] reads = [.. Enumerable.Range(0, 4).Select(i => new TestRead().Start(disk, (2 * i + 1) * (long)Large - 4096, 8192))];
        await Task.WhenAll(reads[0].Done, reads[1].Done).WaitAsync(TimeSpan.FromSeconds(60));
        reads[2].Read.Cancel();
        Assert.Equal(SourceError.Cancelled, reads[2].Take().Error);
        reads[0].Read.Release();
        await reads[3].Done.WaitAsync(TimeSpan.FromSeconds(60));
        Check(reads[3], 3);
        reads[1].Read.Release();
    }

    [Fact]
    public async Task Read_LocalDiskHangs_OthersInMemoryAreServedAndTheRestWhenItIsBack()
    {
        var image = new TestDisk(new BlockGeometry(8L << 20, BlockGeometry.MinBlockSize), zeros: 0);
        await using var service = new TestService(Least);
        Disk disk = service.Open(image, local: true, upstream: false);
        await TestRead.OfAsync(disk, 0, 4096);

        service.Local.Gate = new ManualResetEventSlim(false);
        TestRead[] hung = [.. Enumerable.Range(1, 5).Select(i => new TestRead().Start(disk, i * (1L << 20), 4096))];
        await Eventually.IsSoAsync(() => service.Local.Inside >= Least.Workers);
        Assert.Equal(SourceError.None, (await TestRead.OfAsync(disk, 100, 4096, inline: true)).Error);
        hung[0].Read.Cancel();
        Assert.True(hung[0].Done.IsCompleted);

        service.Local.Gate.Set();
        await Task.WhenAll(hung.Select(read => read.Done)).WaitAsync(TimeSpan.FromSeconds(60));
        Assert.All(hung.Skip(1), read => Assert.Equal(SourceError.None, read.Take().Error));
        hung[0].Read.Release();
    }

    [Fact]
    public async Task Segments_OfZeroBlocks_AreZerosAndNeedNoMemory()
    {
        var image = new TestDisk(new BlockGeometry(4L << 20, BlockGeometry.MinBlockSize), zeros: 1);
        await using var service = new TestService(Least);
        Disk disk = service.Open(image, local: false, upstream: false);
        Assert.Null(disk.Root);
        (SourceError error, byte[] bytes) = await TestRead.OfAsync(disk, 12345, DiskRead.MaxLength);
        Assert.Equal(SourceError.None, error);
        Assert.False(bytes.AsSpan().ContainsAnyExcept((byte)0));
        Assert.Equal(0, service.Status.MemoryBytes);
    }

    private static void Check(TestRead read, int number)
    {
        (SourceError error, byte[] bytes) = read.Take();
        Assert.Equal(SourceError.None, error);
        Assert.True(Image.Bytes.AsSpan((2 * number + 1) * Large - 4096, 8192).SequenceEqual(bytes));
    }
}
