using Microsoft.Extensions.Time.Testing;
using OsCircular.Blocks;
using OsCircular.Disks;
using OsCircular.Disks.Booting;
using OsCircular.TestKit.Disks;

namespace OsCircular.Tests.Disks.Booting;

public sealed class FirstTouchesTests
{
    private const int BlockSize = BlockGeometry.MinBlockSize;

    private readonly FakeTimeProvider _time = new();

    [Fact]
    public void Note_AnyBlocks_KeepsEachOnceWithItsTime()
    {
        FirstTouches touches = new(_time);
        _time.Advance(TimeSpan.FromSeconds(3));
        Assert.Equal(TimeSpan.FromSeconds(3), touches.Quiet);
        foreach (long block in (long[])[5, 9, 5, 2])
        {
            touches.Note(block);
            _time.Advance(TimeSpan.FromSeconds(1));
        }

        Assert.Equal([new(5, TimeSpan.Zero), new(9, TimeSpan.FromSeconds(1)), new(2, TimeSpan.FromSeconds(3))], touches.All);
        Assert.Equal(TimeSpan.FromSeconds(1), touches.Quiet);
        long[] last = new long[2];
        Assert.Equal(2, touches.CopyLast(last));
        Assert.Equal([9, 2], last);
        Assert.True(touches.Contains(9));
        Assert.False(touches.Contains(3));
    }

    [Fact]
    public void Note_MoreThanMost_TakesNoMore()
    {
        FirstTouches touches = new(_time);
        for (long block = 0; block < FirstTouches.Most + 10; block++) touches.Note(block);
        Assert.Equal(FirstTouches.Most, touches.Count);
    }

    [Fact]
    public async Task Read_OfAWatchedDisk_NotesWhatHasContentAndWasAskedFor()
    {
        // Read-ahead is on: what it brings was not asked for.
        await using TestService service = new(new DiskOptions { MemoryBytes = DiskOptions.MinMemoryBytes, ReadAheadBlocks = 16 });
        TestDisk image = new(new BlockGeometry(64 * BlockSize, BlockSize), zeros: 0.3);
        Disk disk = service.Open(image, local: true, upstream: false);
        FirstTouches touches = new(_time);
        disk.Watch(touches);
        await TestRead.OfAsync(disk, 40 * BlockSize, 512);
        await TestRead.OfAsync(disk, 0, 8 * BlockSize);
        await TestRead.OfAsync(disk, 8 * BlockSize, 8 * BlockSize);
        disk.Unwatch(touches);
        await TestRead.OfAsync(disk, 50 * BlockSize, 4 * BlockSize);

        long[] expected = [.. ((long[])[40, .. Enumerable.Range(0, 16)]).Where(block => image.Row(block).StoredLength > 0)];
        Assert.Equal(expected, touches.All.Select(touch => touch.Block));
    }
}
