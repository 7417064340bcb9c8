using CsCheck;
using Microsoft.Extensions.Time.Testing;
using OsCircular.Sources;
using OsCircular.TestKit.Sources;

namespace OsCircular.Tests.Sources;

public sealed class PriorityConformanceTests : BlockSourceWrapperConformance
{
    protected override IBlockSource Wrap(IBlockSource inner, TimeProvider time) => new PrioritySource(inner, 2, time);
}

public sealed class PriorityRuleTests
{
    private static readonly Gen<ClassLoad> GenLoad = Gen.Select(Gen.Int[0, 3], Gen.Int[0, 9], (waiting, running) => new ClassLoad(waiting, running, running * 1000L));

    [Fact]
    public void MayStart_Reader_NeverWaitsForLowerClasses() =>
        Gen.Select(GenLoad, GenLoad, Gen.Int[0, 7], Gen.Double[0, 1e6]).Sample((profile, fill, readers, rate) =>
            PriorityRule.MayStart(FetchClass.Reader, 1000, [new ClassLoad(1, readers, readers * 1000), profile, fill], 8, rate));

    [Fact]
    public void MayStart_AnyClass_KeepsItsBound() =>
        Gen.Select(GenLoad, GenLoad, GenLoad, Gen.Int[0, 2]).Sample((reader, profile, fill, c) =>
        {
            ClassLoad[] loads = [reader, profile, fill];
            int running = loads[..(c + 1)].Sum(load => load.Running);
            return running < 8 || !PriorityRule.MayStart((FetchClass)c, 1000, loads, 8, 1e12);
        });

    [Fact]
    public void MayStart_WhatAnUrgentClassMayNot_ALessUrgentMayNotEither() =>
        Gen.Select(GenLoad, GenLoad, GenLoad, Gen.Double[0, 1e5]).Sample((reader, profile, fill, rate) =>
            PriorityRule.MayStart(FetchClass.Profile, 1000, [reader, profile, fill], 8, rate)
            || !PriorityRule.MayStart(FetchClass.Fill, 1000, [reader, profile, fill], 8, rate));

    [Theory]
    [InlineData(0, true)]
    [InlineData(100_000, true)]
    [InlineData(150_001, false)]
    public void MayStart_FillWhileAReaderIsActive_KeepsTo200MsOfTheRate(long runningBytes, bool expected) =>
        Assert.Equal(expected, PriorityRule.MayStart(FetchClass.Fill, 50_000, [new(0, 1, 1), default, new(1, 1, runningBytes)], 8, 1_000_000));

    [Fact]
    public void MayStart_FillWhileOnlyProfileIsActive_IsHeldBackToo() =>
        Assert.False(PriorityRule.MayStart(FetchClass.Fill, 50_000, [default, new(1, 0, 0), new(1, 4, 200_000)], 8, 1_000_000));

    [Fact]
    public void MayStart_FillAlone_FillsTheLine() =>
        Assert.True(PriorityRule.MayStart(FetchClass.Fill, 50_000, [default, default, new(1, 7, 7_000_000)], 8, 1_000_000));
}

public sealed class PrioritySourceTests
{
    private readonly FakeTimeProvider _time = new();
    private readonly FakeBlockSource _inner = new() { Gate = FakeBlockSource.Closed() };
    private readonly PrioritySource _source;

    public PrioritySourceTests() => _source = new PrioritySource(_inner, 1, _time);

    [Fact]
    public async Task Fetch_BusyAndThreeClassesWait_StartsThemInTheirOrder()
    {
        Task<Fetched> running = Fetch(0, FetchClass.Reader);
        Task<Fetched> fill = Fetch(1, FetchClass.Fill);
        Task<Fetched> profile = Fetch(2, FetchClass.Profile);
        Task<Fetched> reader = Fetch(3, FetchClass.Reader);
        await StepAsync(running, 2);
        await StepAsync(reader, 3);
        await StepAsync(profile, 4);
        _inner.Gate.SetResult();
        await fill;
        Assert.Equal([FetchClass.Reader, FetchClass.Reader, FetchClass.Profile, FetchClass.Fill], _inner.Requests.Select(request => request.Class));
    }

    [Fact]
    public async Task Fetch_QueuedRequestIsRaised_MovesUp()
    {
        Task<Fetched> running = Fetch(0, FetchClass.Reader);
        Task<Fetched> profile = Fetch(1, FetchClass.Profile);
        BlockRequest raised = Request(2, FetchClass.Fill);
        Task<Fetched> fill = Fetch(raised);
        raised.RaiseTo(FetchClass.Reader);
        await StepAsync(running, 2);
        Assert.Same(raised, _inner.Requests[1]);
        _inner.Gate.SetResult();
        await Task.WhenAll(profile, fill);
    }

    [Fact]
    public async Task Fetch_RunningFillIsRaised_CountsAsReader()
    {
        BlockRequest raised = Request(0, FetchClass.Fill);
        Task<Fetched> running = Fetch(raised);
        raised.RaiseTo(FetchClass.Reader);
        Task<Fetched> reader = Fetch(1, FetchClass.Reader);
        Assert.Equal(1, _inner.Calls);
        await StepAsync(running, 2);
        _inner.Gate.SetResult();
        Assert.True((await reader).Succeeded);
    }

    [Fact]
    public async Task Fetch_CancelledWhileQueued_LeavesTheQueueAndIsNeverFetched()
    {
        Task<Fetched> running = Fetch(0, FetchClass.Reader);
        using var cancel = new CancellationTokenSource();
        Task<Fetched> queued = Fetch(Request(1, FetchClass.Reader), cancel.Token);
        await cancel.CancelAsync();
        Assert.Equal(SourceError.Cancelled, (await queued).Error);
        _inner.Gate.SetResult();
        await running;
        Assert.True((await Fetch(2, FetchClass.Fill)).Succeeded);
        Assert.Equal(2, _inner.Calls);
    }

    [Fact]
    public async Task Fetch_ReaderComesWhileFillHoldsThePlace_StartsAtOnce()
    {
        Task<Fetched> fill = Fetch(0, FetchClass.Fill);
        Task<Fetched> reader = Fetch(1, FetchClass.Reader);
        Assert.Equal(2, await CallsAsync(2));
        _inner.Gate.SetResult();
        await Task.WhenAll(fill, reader);
    }

    [Fact]
    public async Task Fetch_ManyOfAllClassesInParallel_AllComeAndTheBoundHolds()
    {
        _inner.Gate.SetResult();
        var source = new PrioritySource(_inner, 4, TimeProvider.System);
        byte[] block = TestBlocks.Make(1);
        _inner.Add(block);
        await Parallel.ForEachAsync(Enumerable.Range(0, 600), new ParallelOptions { MaxDegreeOfParallelism = 32 }, async (i, token) =>
        {
            BlockRequest request = TestBlocks.Request(block, (FetchClass)(i % 3));
            Task<Fetched> fetch = source.FetchAsync(request, new byte[block.Length], token).AsTask();
            if (i % 5 == 0) request.RaiseTo(FetchClass.Reader);
            Assert.True((await fetch).Succeeded);
        });
        Assert.InRange(_inner.MostRunning, 1, 12);
        Assert.Equal(0, _inner.Running);
    }

    private BlockRequest Request(int seed, FetchClass fetchClass)
    {
        byte[] block = TestBlocks.Make(seed);
        _inner.Add(block);
        return TestBlocks.Request(block, fetchClass, _time);
    }

    private Task<Fetched> Fetch(int seed, FetchClass fetchClass) => Fetch(Request(seed, fetchClass));

    private Task<Fetched> Fetch(BlockRequest request, CancellationToken token = default) =>
        _source.FetchAsync(request, new byte[request.StoredLength], token).AsTask();

    /// <summary>Lets what runs end and holds back what comes next.</summary>
    private async Task StepAsync(Task running, int callsAfterwards)
    {
        TaskCompletionSource gate = _inner.Gate;
        _inner.Gate = FakeBlockSource.Closed();
        gate.SetResult();
        await running;
        Assert.Equal(callsAfterwards, await CallsAsync(callsAfterwards));
    }

    private async Task<int> CallsAsync(int expected)
    {
        while (_inner.Calls < expected) await Task.Yield();
        return _inner.Calls;
    }
}
