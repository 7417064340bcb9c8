using Microsoft.Extensions.Time.Testing;
using OsCircular.Blocks;
using OsCircular.Disks;
using OsCircular.Sources;
using OsCircular.TestKit;
using OsCircular.TestKit.Disks;

namespace OsCircular.Tests.Disks;

/// <summary>The local disk does not answer: its reads are taken from it, and fetched elsewhere.</summary>
public sealed class DiskHangTests : IAsyncLifetime
{
    private static readonly DiskOptions Options = new() { MemoryBytes = DiskOptions.MinMemoryBytes, Workers = 2, ReadAheadBlocks = 0 };
    private static readonly TestDisk Image = new(new BlockGeometry(2L << 20, BlockGeometry.MinBlockSize), zeros: 0);
    private static readonly TimeSpan RealLimit = TimeSpan.FromSeconds(60);

    private readonly FakeTimeProvider _time = new();
    private TestService _service = null!;
    private Disk _disk = null!;

    public async ValueTask InitializeAsync()
    {
        _service = new TestService(Options, time: _time);
        _disk = _service.Open(Image, local: true, upstream: true);
        Assert.Equal(SourceError.None, (await TestRead.OfAsync(_disk, 0, 4096)).Error);
        _service.Local.Gate = new ManualResetEventSlim(false);
    }

    public async ValueTask DisposeAsync()
    {
        _service.Local.Gate.Set();
        await _service.DisposeAsync();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Read_LocalDiskHangs_IsFetchedElsewhereAfterAWhile(bool inline)
    {
        var read = new TestRead();
        Task starting = Task.Run(() => read.Start(_disk, 1 << 20, 4096, inline));
        await Eventually.IsSoAsync(() => _service.Local.Inside == 1);
        _time.Advance(TimeSpan.FromSeconds(4));
        Assert.False(read.Done.IsCompleted);
        _time.Advance(TimeSpan.FromSeconds(2));
        await read.Done.WaitAsync(RealLimit);
        Check(read, 1 << 20);

        _service.Local.Gate.Set();
        await starting.WaitAsync(RealLimit);
        Assert.Equal(SourceError.None, (await TestRead.OfAsync(_disk, 1 << 20, 4096, inline)).Error);
    }

    [Fact]
    public async Task Read_EveryWorkerIsStuck_OthersStandInAndGoWhenTheyAreBack()
    {
        TestRead[] reads = [.. Enumerable.Range(1, 10).Select(i => new TestRead().Start(_disk, i * BlockGeometry.MinBlockSize, 4096))];
        await Eventually.IsSoAsync(() => _service.Local.Inside == Options.Workers);
        _time.Advance(TimeSpan.FromSeconds(6));
        await Task.WhenAll(reads.Select(read => read.Done)).WaitAsync(RealLimit);
        for (int i = 0; i < reads.Length; i++) Check(reads[i], (i + 1) * BlockGeometry.MinBlockSize);
        Assert.Equal(Options.Workers, StandIns());

        // Nobody else has entered it, on whatever thread.
        Assert.Equal(SourceError.None, (await TestRead.OfAsync(_disk, 25 * BlockGeometry.MinBlockSize, 4096, inline: true)).Error);
        Assert.Equal(Options.Workers, _service.Local.Inside);

        _service.Local.Gate.Set();
        await Eventually.IsSoAsync(() => StandIns() == 0);
        Assert.Equal(SourceError.None, (await TestRead.OfAsync(_disk, 20 * BlockGeometry.MinBlockSize, 4096)).Error);
        Assert.Equal(0, _service.Status.WaitingReads);
    }

    [Fact]
    public async Task Read_NobodyElseHasIt_WaitsForTheDisk()
    {
        _service.Upstream.Remove(Image.Row(5).Name);
        _service.Local.Hangs = true;
        TestRead read = new TestRead().Start(_disk, 5 * BlockGeometry.MinBlockSize, 4096);
        await Eventually.IsSoAsync(() => _service.Local.Inside == 1);
        _time.Advance(TimeSpan.FromSeconds(6));
        await Eventually.IsSoAsync(() => _service.Upstream.Calls > 0 && _service.Upstream.Running == 0);
        Assert.False(read.Done.IsCompleted);

        _service.Local.Gate.Set();
        _service.Local.Hangs = false;
        await Eventually.IsSoAsync(() =>
        {
            _time.Advance(TimeSpan.FromSeconds(1));
            return read.Done.IsCompleted;
        });
        Check(read, 5 * BlockGeometry.MinBlockSize);
    }

    [Fact]
    public async Task Read_NobodyHasItInTime_TimesOut()
    {
        _service.Upstream.Remove(Image.Row(5).Name);
        _service.Local.Hangs = true;
        TestRead read = new TestRead().Start(_disk, 5 * BlockGeometry.MinBlockSize, 4096);
        await Eventually.IsSoAsync(() => _service.Local.Inside == 1);
        for (int second = 0; second < 59; second++) _time.Advance(TimeSpan.FromSeconds(1));
        Assert.False(read.Done.IsCompleted);
        _time.Advance(TimeSpan.FromSeconds(2));
        await read.Done.WaitAsync(RealLimit);
        Assert.Equal(SourceError.TimedOut, read.Take().Error);
        Assert.Equal(0, _service.Status.WaitingReads);
    }

    [Fact]
    public async Task Cancel_OfAReadThatIsStuck_LeavesTheBlockToOthers()
    {
        TestRead read = new TestRead().Start(_disk, 5 * BlockGeometry.MinBlockSize, 4096);
        await Eventually.IsSoAsync(() => _service.Local.Inside == 1);
        read.Read.Cancel();
        Assert.Equal(SourceError.Cancelled, read.Take().Error);
        _time.Advance(TimeSpan.FromSeconds(6));

        TestRead other = new TestRead().Start(_disk, 5 * BlockGeometry.MinBlockSize, 4096);
        await other.Done.WaitAsync(RealLimit);
        Check(other, 5 * BlockGeometry.MinBlockSize);
    }

    private static int StandIns() =>
        Directory.EnumerateDirectories("/proc/self/task").Count(task => TryName(task) == "disk stand-in\n");

    private static string TryName(string task)
    {
        try
        {
            return File.ReadAllText(Path.Combine(task, "comm"));
        }
        catch (IOException)
        {
            // It ended meanwhile.
            return "";
        }
    }

    private static void Check(TestRead read, int offset)
    {
        (SourceError error, byte[] bytes) = read.Take();
        Assert.Equal(SourceError.None, error);
        Assert.True(Image.Bytes.AsSpan(offset, 4096).SequenceEqual(bytes));
    }
}
