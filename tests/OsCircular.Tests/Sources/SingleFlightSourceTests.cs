using Microsoft.Extensions.Time.Testing;
using OsCircular.Blocks;
using OsCircular.Sources;
using OsCircular.TestKit.Sources;

namespace OsCircular.Tests.Sources;

public sealed class SingleFlightConformanceTests : BlockSourceWrapperConformance
{
    protected override IBlockSource Wrap(IBlockSource inner, TimeProvider time) => new SingleFlightSource(inner, time);
}

public sealed class SingleFlightSourceTests
{
    private static readonly byte[] TheBlock = TestBlocks.Make(1);
    private readonly FakeTimeProvider _time = new();
    private readonly FakeBlockSource _inner = new() { Gate = FakeBlockSource.Closed() };
    private readonly SingleFlightSource _source;

    public SingleFlightSourceTests()
    {
        _inner.Add(TheBlock);
        _source = new SingleFlightSource(_inner, _time);
    }

    [Fact]
    public async Task Fetch_ManyAskForOneBlock_AsksOnceAndGivesEachTheBytes()
    {
        Task<byte[]>[] askers = [.. Enumerable.Range(0, 10).Select(_ => BytesAsync(Request()))];
        Assert.Equal(1, _inner.Calls);
        _inner.Gate.SetResult();
        foreach (byte[] bytes in await Task.WhenAll(askers)) Assert.Equal(TheBlock, bytes);
        Assert.Equal(1, _inner.Calls);
    }

    [Fact]
    public async Task Fetch_FirstAskerLeaves_TheOthersStillGetTheBlock()
    {
        using var cancel = new CancellationTokenSource();
        byte[] leaversBuffer = new byte[TheBlock.Length];
        Task<Fetched> first = FetchAsync(Request(), leaversBuffer, cancel.Token);
        Task<byte[]> second = BytesAsync(Request());

        await cancel.CancelAsync();
        Assert.Equal(SourceError.Cancelled, (await first).Error);
        _inner.Gate.SetResult();
        Assert.Equal(TheBlock, await second);
        Assert.Equal(1, _inner.Calls);
        Assert.False(leaversBuffer.AsSpan().ContainsAnyExcept((byte)0));
    }

    [Fact]
    public async Task Fetch_LastAskerLeaves_TheFlightIsCancelledAndTheNextStartsAnother()
    {
        using var cancel = new CancellationTokenSource();
        Task<Fetched>[] askers = [FetchAsync(Request(), new byte[TheBlock.Length], cancel.Token), FetchAsync(Request(), new byte[TheBlock.Length], cancel.Token)];
        await cancel.CancelAsync();
        await Task.WhenAll(askers);
        Assert.Equal(0, _inner.Running);

        Task<byte[]> next = BytesAsync(Request());
        Assert.Equal(2, _inner.Calls);
        _inner.Gate.SetResult();
        Assert.Equal(TheBlock, await next);
    }

    [Fact]
    public async Task Fetch_ReaderJoinsAFillingFetch_RaisesIt()
    {
        Task<byte[]> fill = BytesAsync(Request(FetchClass.Fill));
        Assert.Equal(FetchClass.Fill, _inner.Requests[0].Class);
        Task<byte[]> reader = BytesAsync(Request());
        Assert.Equal(FetchClass.Reader, _inner.Requests[0].Class);
        _inner.Gate.SetResult();
        await Task.WhenAll(fill, reader);
    }

    [Fact]
    public async Task Fetch_AJoinedRequestIsRaisedLater_TheFlightIsToo()
    {
        Task<byte[]> fill = BytesAsync(Request(FetchClass.Fill));
        BlockRequest profile = Request(FetchClass.Profile);
        Task<byte[]> joined = BytesAsync(profile);
        Assert.Equal(FetchClass.Profile, _inner.Requests[0].Class);
        profile.RaiseTo(FetchClass.Reader);
        Assert.Equal(FetchClass.Reader, _inner.Requests[0].Class);
        _inner.Gate.SetResult();
        await Task.WhenAll(fill, joined);
    }

    [Fact]
    public async Task Fetch_AfterAFailure_FailsAgainAtOnceForTwoSeconds()
    {
        _inner.Gate.SetResult();
        BlockName missing = BlockName.Of(TestBlocks.Make(2));
        Assert.Equal(SourceError.Missing, await ErrorAsync(missing));
        Assert.Equal(SourceError.Missing, await ErrorAsync(missing));
        Assert.Equal(1, _inner.Calls);

        _time.Advance(TimeSpan.FromSeconds(2.1));
        Assert.Equal(SourceError.Missing, await ErrorAsync(missing));
        Assert.Equal(2, _inner.Calls);
    }

    [Fact]
    public async Task Fetch_AfterACancellation_IsNotRememberedAsFailure()
    {
        using var cancel = new CancellationTokenSource();
        Task<Fetched> fetch = FetchAsync(Request(), new byte[TheBlock.Length], cancel.Token);
        await cancel.CancelAsync();
        Assert.Equal(SourceError.Cancelled, (await fetch).Error);
        _inner.Gate.SetResult();
        Assert.Equal(TheBlock, await BytesAsync(Request()));
    }

    [Fact]
    public async Task Fetch_JoinerHasMoreTimeThanTheFirst_GoesOnAlone()
    {
        Task<Fetched> first = FetchAsync(TestBlocks.Request(TheBlock, time: _time, limit: TimeSpan.FromSeconds(1)), new byte[TheBlock.Length], default);
        Task<byte[]> joiner = BytesAsync(Request());
        _time.Advance(TimeSpan.FromSeconds(2));
        Assert.Equal(SourceError.TimedOut, (await first).Error);
        while (_inner.Calls < 2) await Task.Yield();
        _inner.Gate.SetResult();
        Assert.Equal(TheBlock, await joiner);
    }

    [Fact]
    public async Task Fetch_InnerThrows_EveryAskerSeesIt()
    {
        var source = new SingleFlightSource(new FaultySource(_inner, (_, _) => throw new InvalidOperationException("defect")), _time);
        await Assert.ThrowsAsync<InvalidOperationException>(() => source.FetchAsync(Request(), new byte[TheBlock.Length], default).AsTask());
        await Assert.ThrowsAsync<InvalidOperationException>(() => source.FetchAsync(Request(), new byte[TheBlock.Length], default).AsTask());
    }

    [Fact]
    public void FailureMemory_ManyFailures_StaysBounded()
    {
        var memory = new FailureMemory(_time);
        for (int i = 0; i < 5000; i++) memory.Note(BlockName.Of(BitConverter.GetBytes(i)), 1, SourceError.Missing);
        Assert.InRange(memory.Count, 1, 1024);
    }

    private BlockRequest Request(FetchClass fetchClass = FetchClass.Reader) => TestBlocks.Request(TheBlock, fetchClass, _time);

    private Task<Fetched> FetchAsync(BlockRequest request, byte[] buffer, CancellationToken token) => _source.FetchAsync(request, buffer, token).AsTask();

    private async Task<SourceError> ErrorAsync(BlockName name) =>
        (await FetchAsync(TestBlocks.Request(name, 100, time: _time), new byte[100], default)).Error;

    private async Task<byte[]> BytesAsync(BlockRequest request)
    {
        byte[] buffer = new byte[TheBlock.Length];
        Fetched fetched = await FetchAsync(request, buffer, default);
        Assert.Equal(SourceError.None, fetched.Error);
        return buffer;
    }
}
