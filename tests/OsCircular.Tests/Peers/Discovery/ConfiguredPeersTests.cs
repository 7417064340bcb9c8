using System.Net;
using System.Net.Sockets;
using OsCircular.Peers.Discovery;
using OsCircular.TestKit.Peers;

namespace OsCircular.Tests.Peers.Discovery;

public sealed class ConfiguredPeersTests
{
    private static readonly IPAddress First = IPAddress.Parse("10.0.0.1");
    private static readonly IPAddress Second = IPAddress.Parse("fd00::2");

    private readonly WatchedTime _time = new();
    private readonly RecordedFinds _finds = new();
    private readonly RecordedLog _log = new();
    private int _rounds;

    [Fact(Timeout = 30_000)]
    public async Task Run_NameWithTwoAddressesAndALiteral_FindsThemAtOnceAndEveryMinute()
    {
        await using Running running = Run(["lab", "[fd00::9]:9"], (_, _) => Task.FromResult<IPAddress[]>([First, Second]));
        await RoundAsync();
        Assert.Equal(["10.0.0.1:7117", "[fd00::2]:7117", "[fd00::9]:9"], Found());
        await RoundAsync();
        Assert.Equal(6, _finds.All.Count);
        Assert.Equal(["Information: peer lab:7117 is at 10.0.0.1, fd00::2"], _log.Lines);
    }

    [Fact(Timeout = 30_000)]
    public async Task Run_LookUpFailsAndComesBack_IsLoggedOnceForEachChange()
    {
        int round = 0;
        await using Running running = Run(["lab"], (_, _) => ++round is 3 or 4 ? Task.FromResult<IPAddress[]>([First]) : throw new SocketException((int)SocketError.HostNotFound));
        for (int i = 0; i < 6; i++) await RoundAsync();
        Assert.Equal(3, _log.Lines.Count);
        Assert.StartsWith("Warning: peer lab:7117: no address found", _log.Lines[0]);
        Assert.StartsWith("Information: peer lab:7117 is at 10.0.0.1", _log.Lines[1]);
        Assert.StartsWith("Warning: peer lab:7117: no address found", _log.Lines[2]);
        Assert.Equal(2, _finds.All.Count);
    }

    [Fact(Timeout = 30_000)]
    public async Task Run_OneNameHangs_HoldsUpNoOther()
    {
        await using Running running = Run(
            ["hangs", "lab"], (name, _) => name == "lab" ? Task.FromResult<IPAddress[]>([First]) : new TaskCompletionSource<IPAddress[]>().Task);
        await _finds.WaitForAsync(new IPEndPoint(First, 7117), PeerFindSource.Configured, TimeSpan.FromSeconds(10));
        await _time.WaitForTimerAsync(ConfiguredPeers.Limit, ConfiguredPeers.Limit);
        _time.Advance(ConfiguredPeers.Limit);
        await RoundAsync();
        Assert.Contains("Warning: peer hangs:7117: no address found, asked again every 60 s: no answer within 20 s", _log.Lines);
    }

    [Fact(Timeout = 30_000)]
    public async Task Run_NameWithVeryManyAddresses_FindsSomeOfThem()
    {
        await using Running running = Run(
            ["lab"], (_, _) => Task.FromResult<IPAddress[]>([.. Enumerable.Range(0, 1000).Select(i => new IPAddress([10, 0, (byte)(i >> 8), (byte)i]))]));
        await RoundAsync();
        Assert.Equal(ConfiguredPeers.MostAddresses, _finds.All.Count);
    }

    [Fact(Timeout = 30_000)]
    public async Task Run_RealResolver_FindsLocalhost()
    {
        using var end = new CancellationTokenSource();
        Task running = new ConfiguredPeers([PeerAddressText.Parse("localhost:80")], _finds, TimeProvider.System, _log).RunAsync(end.Token);
        await _finds.WaitForAsync(new IPEndPoint(IPAddress.Loopback, 80), PeerFindSource.Configured, TimeSpan.FromSeconds(20));
        await end.CancelAsync();
        await running;
    }

    private string[] Found() => [.. _finds.All.Select(find => find.Address.ToString()).Order(StringComparer.Ordinal)];

    // Until the next round is done.
    private async Task RoundAsync()
    {
        if (_rounds++ > 0) _time.Advance(ConfiguredPeers.Interval);
        await _time.WaitForTimerAsync(ConfiguredPeers.Interval, ConfiguredPeers.Interval);
    }

    private Running Run(string[] peers, Func<string, CancellationToken, Task<IPAddress[]>> resolve) => new(
        new ConfiguredPeers([.. peers.Select(PeerAddressText.Parse)], _finds, _time, _log, resolve).RunAsync);

    private sealed class Running : IAsyncDisposable
    {
        private readonly CancellationTokenSource _end = new();
        private readonly Task _task;

        public Running(Func<CancellationToken, Task> run) => _task = run(_end.Token);

        public async ValueTask DisposeAsync()
        {
            await _end.CancelAsync();
            await _task;
            _end.Dispose();
        }
    }
}
