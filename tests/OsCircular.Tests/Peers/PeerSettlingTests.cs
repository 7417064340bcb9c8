using System.Net;
using Microsoft.Extensions.Logging.Abstractions;
using OsCircular.Peers;
using OsCircular.Peers.Access;
using OsCircular.Peers.Discovery;
using OsCircular.Sources;
using OsCircular.TestKit;
using OsCircular.TestKit.Mirrors;
using OsCircular.TestKit.Peers;
using OsCircular.TestKit.Sources;

namespace OsCircular.Tests.Peers;

public sealed class PeerSettlingTests : IAsyncDisposable
{
    private static readonly byte[] Block = TestBlocks.Make(1);

    private readonly WatchedTime _time = new();
    private readonly TestMeters _meters = new();
    private readonly PeerService _service;

    public PeerSettlingTests()
    {
        Neighbours nobody = new([], _time, NullLogger.Instance, () => []);
        _service = new PeerService(
            TestMembers.Id(1), new PeerAccess(new PeerGroup("lab").Id, null, nobody), new PeerOptions(), new FakeHeldNames(), () => default, new PeerMetrics(_meters), _time, new Random(1),
            NullLogger<PeerService>.Instance);
    }

    public async ValueTask DisposeAsync()
    {
        await _service.DisposeAsync();
        _meters.Dispose();
    }

    [Theory]
    [InlineData(0)]
    [InlineData(40)]
    public async Task Fetch_BeforeGreetingsSettled_WaitsHalfTheTimeWhereAloneAndNeverAgain(int late)
    {
        _service.Start(7117, new DiscoveryOptions(), _ => { });
        TimeSpan half = TimeSpan.FromMilliseconds(150);
        await _time.WaitForTimerAsync(half, half);
        Task<Fetched> first = FetchAsync();
        _time.Advance(half - TimeSpan.FromMilliseconds(1));
        Assert.False(first.IsCompleted);
        _time.Advance(TimeSpan.FromMilliseconds(1 + late));
        if (late > 0)
        {
            await _time.WaitForTimerAsync(half, half);
            Assert.False(first.IsCompleted);
            _time.Advance(half);
        }

        Assert.Equal(SourceError.Missing, (await first.WaitAsync(Eventually.Limit, TestContext.Current.CancellationToken)).Error);

        // Alone, it costs nothing.
        Task<Fetched> second = FetchAsync();
        Assert.True(second.IsCompleted);
        Assert.Equal(SourceError.Missing, (await second).Error);
    }

    [Fact]
    public async Task Fetch_SomebodyWasHeard_WaitsThreeTenthsOfASecondForTheOthers()
    {
        _service.Start(7117, new DiscoveryOptions(), _ => { });
        _service.Heard(IPAddress.Loopback, TestMembers.Hello(2) with { Group = _service.Access.Group });
        TimeSpan half = TimeSpan.FromMilliseconds(150);
        await _time.WaitForTimerAsync(half, half);
        Task<Fetched> fetch = FetchAsync();
        _time.Advance(half);
        await _time.WaitForTimerAsync(half, half);
        Assert.False(fetch.IsCompleted);
        _time.Advance(half);
        await fetch.WaitAsync(Eventually.Limit, TestContext.Current.CancellationToken);
    }

    [Fact]
    public async Task Fetch_CancelledBeforeGreetingsSettled_IsCancelled()
    {
        using var cancel = new CancellationTokenSource();
        Task<Fetched> fetch = FetchAsync(cancel.Token);
        await cancel.CancelAsync();
        Assert.Equal(SourceError.Cancelled, (await fetch.WaitAsync(Eventually.Limit, TestContext.Current.CancellationToken)).Error);
    }

    [Fact]
    public async Task Dispose_BeforeGreetingsSettled_LetsWaitersGo()
    {
        Task<Fetched> fetch = FetchAsync();
        await _service.DisposeAsync();
        Assert.Equal(SourceError.Missing, (await fetch.WaitAsync(Eventually.Limit, TestContext.Current.CancellationToken)).Error);
    }

    [Fact]
    public void Heard_BeforeTheStart_IsNotAnsweredWithAHelloThatNamesNoPort()
    {
        PeerHello hello = TestMembers.Hello(2) with { Group = _service.Access.Group };
        _service.Heard(IPAddress.Loopback, hello);
        Assert.Empty(_service.Status.Peers);
        _service.Start(7117, new DiscoveryOptions(), _ => { });
        _service.Heard(IPAddress.Loopback, hello);
        Assert.Single(_service.Status.Peers);
    }

    private Task<Fetched> FetchAsync(CancellationToken cancellationToken = default) =>
        _service.Blocks.FetchAsync(TestBlocks.Request(Block, time: _time), new byte[Block.Length], cancellationToken).AsTask();
}
