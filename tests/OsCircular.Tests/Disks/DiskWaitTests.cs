using Microsoft.Extensions.Time.Testing;
using OsCircular.Blocks;
using OsCircular.Disks;
using OsCircular.Sources;
using OsCircular.TestKit;
using OsCircular.TestKit.Disks;
using OsCircular.TestKit.Sources;

namespace OsCircular.Tests.Disks;

/// <summary>Readers that wait: together, until they are told to stop, or until their time is up.</summary>
public sealed class DiskWaitTests
{
    private const int BlockSize = BlockGeometry.MinBlockSize;

    private static readonly TestDisk Image = new(new BlockGeometry(16 * BlockSize, BlockSize), zeros: 0);

    private readonly FakeTimeProvider _time = new();
    private readonly TaskCompletionSource _gate = FakeBlockSource.Closed();

    [Fact]
    public async Task Read_ManyReadersOfOneBlock_FetchItOnce()
    {
        await using var service = new TestService();
        service.Upstream.Gate = _gate;
        Disk disk = service.Open(Image, local: false, upstream: true);
        TestRead[] reads = [.. Enumerable.Range(0, 20).Select(i => new TestRead().Start(disk, i * 512, 4096))];
        await HeldAsync(service.Upstream, 1);
        Assert.DoesNotContain(reads, read => read.Completions > 0);

        _gate.SetResult();
        await Task.WhenAll(reads.Select(read => read.Done)).WaitAsync(TimeSpan.FromSeconds(60));
        for (int i = 0; i < reads.Length; i++) Assert.True(Image.Bytes.AsSpan(i * 512, 4096).SequenceEqual(reads[i].Take().Bytes));
        Assert.Equal(1, service.Upstream.Calls);
        Assert.All(reads, read => Assert.Equal(1, read.Completions));
    }

    [Fact]
    public async Task Cancel_OneOfTwoReaders_LeavesTheOther()
    {
        await using var service = new TestService();
        service.Upstream.Gate = _gate;
        Disk disk = service.Open(Image, local: false, upstream: true);
        TestRead stays = new TestRead().Start(disk, 0, 4096);
        TestRead goes = new TestRead().Start(disk, 0, 2 * BlockSize);
        await HeldAsync(service.Upstream, 2);

        goes.Read.Cancel();
        Assert.True(goes.Done.IsCompleted);
        Assert.Equal(SourceError.Cancelled, goes.Take().Error);
        await HeldAsync(service.Upstream, 1);

        _gate.SetResult();
        await stays.Done.WaitAsync(TimeSpan.FromSeconds(60));
        Assert.True(Image.Bytes.AsSpan(0, 4096).SequenceEqual(stays.Take().Bytes));
    }

    [Fact]
    public async Task Cancel_LastReader_EndsTheFetchAndALaterReaderGetsTheBlock()
    {
        await using var service = new TestService();
        service.Upstream.Gate = _gate;
        Disk disk = service.Open(Image, local: false, upstream: true);
        TestRead read = new TestRead().Start(disk, 0, 4096);
        await HeldAsync(service.Upstream, 1);
        read.Read.Cancel();
        read.Read.Cancel();
        Assert.Equal(1, read.Completions);
        read.Read.Release();
        await HeldAsync(service.Upstream, 0);

        _gate.SetResult();
        (SourceError error, byte[] bytes) = await TestRead.OfAsync(disk, 0, 4096);
        Assert.Equal(SourceError.None, error);
        Assert.True(Image.Bytes.AsSpan(0, 4096).SequenceEqual(bytes));
    }

    [Fact]
    public async Task Cancel_OfAReadThatIsPrepared_EndsItWhenItStarts()
    {
        await using var service = new TestService();
        Disk disk = service.Open(Image, local: true, upstream: false);
        var read = new TestRead();
        for (int i = 0; i < 2; i++)
        {
            read.Read.Prepare(0, 4096, true);
            read.Read.Cancel();
            disk.Read(read.Read);
            await read.Done.WaitAsync(TimeSpan.FromSeconds(60));
            Assert.Equal(SourceError.Cancelled, read.Take().Error);
        }

        await read.Start(disk, 0, 4096).Done.WaitAsync(TimeSpan.FromSeconds(60));
        Assert.Equal(SourceError.None, read.Take().Error);
    }

    [Fact]
    public async Task Read_NoAnswer_TimesOutAtItsOwnLimitNotAnothers()
    {
        await using var service = new TestService(new DiskOptions { ReadTimeout = TimeSpan.FromSeconds(10) }, time: _time);
        service.Upstream.Gate = _gate;
        Disk disk = service.Open(Image, local: false, upstream: true);
        TestRead first = new TestRead().Start(disk, 0, 4096);
        await HeldAsync(service.Upstream, 1);
        _time.Advance(TimeSpan.FromSeconds(6));
        TestRead joiner = new TestRead().Start(disk, 0, 4096);
        await HeldAsync(service.Upstream, 1);

        _time.Advance(TimeSpan.FromSeconds(4));
        await first.Done.WaitAsync(TimeSpan.FromSeconds(60));
        Assert.Equal(SourceError.TimedOut, first.Take().Error);
        await CalledAsync(service.Upstream, 2);
        Assert.False(joiner.Done.IsCompleted);

        _gate.SetResult();
        await joiner.Done.WaitAsync(TimeSpan.FromSeconds(60));
        Assert.Equal(SourceError.None, joiner.Take().Error);
        Assert.Equal(1, service.Status.TimedOutReads);
    }

    [Fact]
    public async Task Read_SourceIgnoresItsDeadline_TimesOutAllTheSame()
    {
        await using var service = new TestService(
            new DiskOptions { ReadTimeout = TimeSpan.FromSeconds(10) },
            source => new FaultySource(source, (_, _) => Fault.HeldUntil(_gate.Task)),
            _time);
        service.Local.Gate = new ManualResetEventSlim(false);
        Disk disk = service.Open(Image, local: true, upstream: true);
        TestRead read = new TestRead().Start(disk, 0, 4096);
        await Eventually.IsSoAsync(() => service.Local.Inside == 1);
        _time.Advance(TimeSpan.FromSeconds(10));
        await read.Done.WaitAsync(TimeSpan.FromSeconds(60));
        Assert.Equal(SourceError.TimedOut, read.Take().Error);
        service.Local.Gate.Set();
        _gate.SetResult();
    }

    [Fact]
    public async Task Read_MissingEverywhere_FailsAtOnceAndIsAskedForAgain()
    {
        await using var service = new TestService(time: _time);
        Disk disk = service.Open(Image, local: false, upstream: false);
        Assert.Equal(SourceError.Missing, (await TestRead.OfAsync(disk, 0, 4096)).Error);
        Image.AddTo(service.Upstream);
        Assert.Equal(SourceError.None, (await TestRead.OfAsync(disk, 0, 4096)).Error);
    }

    [Fact]
    public async Task Read_IndexPageMissing_FailsAndIsAskedForAgain()
    {
        await using var service = new TestService();
        Disk disk = service.Open(Image, local: true, upstream: false);
        service.Documents.Failure = SourceError.Unreachable;
        Assert.Equal(SourceError.Unreachable, (await TestRead.OfAsync(disk, 0, 4096)).Error);
        service.Documents.Failure = SourceError.None;
        Assert.Equal(SourceError.None, (await TestRead.OfAsync(disk, 0, 4096)).Error);
    }

    [Fact]
    public async Task Read_IndexPageSlow_WaitsIsCancelledOrTimesOutAsOtherReadsDo()
    {
        await using var service = new TestService(new DiskOptions { ReadTimeout = TimeSpan.FromSeconds(10) }, time: _time, documentsHeldUntil: _gate.Task);
        Disk disk = service.Open(Image, local: true, upstream: false);
        TestRead late = new TestRead().Start(disk, 0, 4096);
        _time.Advance(TimeSpan.FromSeconds(1));
        TestRead cancelled = new TestRead().Start(disk, 0, 4096);
        TestRead good = new TestRead().Start(disk, 0, 4096, inline: true);
        cancelled.Read.Cancel();
        Assert.Equal(SourceError.Cancelled, cancelled.Take().Error);
        _time.Advance(TimeSpan.FromSeconds(9));
        await late.Done.WaitAsync(TimeSpan.FromSeconds(60));
        Assert.Equal(SourceError.TimedOut, late.Take().Error);

        // Sent on at once for something else: what it waited for before must not disturb it.
        late.Start(disk, BlockSize, 512);
        _gate.SetResult();
        await Task.WhenAll(good.Done, late.Done).WaitAsync(TimeSpan.FromSeconds(60));
        Assert.True(Image.Bytes.AsSpan(0, 4096).SequenceEqual(good.Take().Bytes));
        Assert.True(Image.Bytes.AsSpan(BlockSize, 512).SequenceEqual(late.Take().Bytes));

        // One fetch ended with the time of him who began it; the others went on with one of their own.
        Assert.Equal(2, service.Documents.Calls);
    }

    [Fact]
    public async Task Dispose_WhileReadersWait_CancelsThem()
    {
        var service = new TestService();
        service.Upstream.Gate = _gate;
        Disk disk = service.Open(Image, local: false, upstream: true);
        TestRead read = new TestRead().Start(disk, 0, 4096);
        await HeldAsync(service.Upstream, 1);
        await service.DisposeAsync();
        Assert.Equal(SourceError.Cancelled, read.Take().Error);
        Assert.Equal(SourceError.Cancelled, (await TestRead.OfAsync(disk, 0, 4096)).Error);
        Assert.Equal(0, service.Upstream.Running);
    }

    private static Task HeldAsync(FakeBlockSource source, int running) => Eventually.IsSoAsync(() => source.Running == running);

    private static Task CalledAsync(FakeBlockSource source, int calls) => Eventually.IsSoAsync(() => source.Calls == calls);
}
