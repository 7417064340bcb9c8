using System.Net;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using OsCircular.Peers;
using OsCircular.Peers.Access;
using OsCircular.Peers.Discovery;
using OsCircular.TestKit;
using OsCircular.TestKit.Mirrors;
using OsCircular.TestKit.Peers;
using OsCircular.TestKit.Programs;
using OsCircular.TestKit.Sources;
using OsCircular.Tests.Peers.Groups;

namespace OsCircular.Tests.Peers;

/// <summary>One service by itself, in a time that stands still: what it keeps of its members for the next start, and what it says where there are too many.</summary>
public sealed class PeerServiceTests : IAsyncDisposable
{
    private static readonly TimeSpan Remembering = TimeSpan.FromSeconds(30);

    private readonly WatchedTime _time = new();
    private readonly TestMeters _meters = new();
    private readonly RecordedLogs _log = new();
    private readonly List<byte[]> _written = [];
    private readonly PeerService _service;
    private volatile bool _diskFails;

    public PeerServiceTests() => _service = Service(new PeerOptions { MaxMembers = 2 }, _time);

    public async ValueTask DisposeAsync()
    {
        await _service.DisposeAsync();
        _log.Dispose();
        _meters.Dispose();
    }

    [Fact]
    public async Task Remember_TheSameMembers_AreWrittenOnce()
    {
        Start();
        Hear(1, port: 7001);
        await PassAsync();
        await WrittenAsync(1);
        Assert.Equal(["127.0.0.1:7001"], Addresses());

        // Nobody came or went.
        await PassAsync();
        await PassAsync();
        Hear(2, port: 7002);
        await PassAsync();
        await WrittenAsync(2);
        Assert.Equal(["127.0.0.1:7001", "127.0.0.1:7002"], Addresses());
    }

    [Fact]
    public async Task Remember_TheDiskFails_IsToldAndTriedAgain()
    {
        _diskFails = true;
        Start();
        Hear(1, port: 7001);
        await PassAsync();
        await Eventually.IsSoAsync(() => _log.Lines.Any(line => line.Contains("could not be kept", StringComparison.Ordinal)));
        _diskFails = false;
        await PassAsync();
        await WrittenAsync(1);
    }

    [Fact]
    public async Task Remember_NobodyKnown_LeavesWhatAnEarlierRunKept()
    {
        Start();
        await PassAsync();
        await PassAsync();
        Hear(1, port: 7001);
        await PassAsync();
        await WrittenAsync(1);
        Assert.Single(_written);
    }

    [Fact]
    public async Task Start_WithRememberedMembers_GreetsThem()
    {
        await using ScriptedHttpServer known = new(request => request.RespondAsync(404));
        byte[] file = RememberedPeers.Serialize([new RememberedPeer(new IPEndPoint(IPAddress.Loopback, new Uri(known.Url).Port), new DateOnly(2026, 1, 31))]);
        Assert.True(RememberedPeers.TryParse(file, out IReadOnlyList<RememberedPeer>? remembered));
        await using PeerService again = Service(new PeerOptions(), TimeProvider.System);
        again.Start(LoopbackPort.Free(), new DiscoveryOptions { Remembered = remembered }, _ => { });
        await Eventually.IsSoAsync(() => known.Requests.Any(request => request.Path == "peers"));
    }

    [Fact]
    public void Heard_MoreThanThereIsRoomFor_IsToldOnceAMinute()
    {
        Start();
        for (int i = 1; i <= 10; i++) Hear(i, port: 7000 + i);
        Assert.Equal(2, _service.Status.Peers.Count);
        Assert.Equal(1, Warnings());
        _time.Advance(TimeSpan.FromSeconds(59));
        Hear(11, port: 7011);
        Assert.Equal(1, Warnings());
        _time.Advance(TimeSpan.FromSeconds(1));
        Hear(12, port: 7012);
        Assert.Equal(2, Warnings());
    }

    private PeerService Service(PeerOptions options, TimeProvider time) => new(
        TestMembers.Id(100), new PeerAccess(new PeerGroup("lab").Id, null, new Neighbours([], time, NullLogger.Instance, () => [])), options, new FakeHeldNames(), () => default,
        new PeerMetrics(_meters), time, new Random(1), new Logger<PeerService>(_log));

    private void Start() => _service.Start(7117, new DiscoveryOptions(), bytes =>
    {
        if (_diskFails) throw new IOException("the disk is full");
        lock (_written) _written.Add(bytes);
    });

    private void Hear(int number, int port) => _service.Heard(IPAddress.Loopback, TestMembers.Hello(number) with { Group = _service.Access.Group, Port = port });

    private async Task PassAsync()
    {
        await _time.WaitForTimerAsync(Remembering, Remembering);
        _time.Advance(Remembering);
    }

    private Task WrittenAsync(int times) => Eventually.IsSoAsync(() => Written() == times);

    private int Written()
    {
        lock (_written) return _written.Count;
    }

    private IEnumerable<string> Addresses()
    {
        lock (_written)
        {
            Assert.True(RememberedPeers.TryParse(_written[^1], out IReadOnlyList<RememberedPeer>? peers));
            return peers.Select(peer => peer.Address.ToString());
        }
    }

    private int Warnings() => _log.Lines.Count(line => line.StartsWith("Warning", StringComparison.Ordinal) && line.Contains("too many members", StringComparison.Ordinal));
}
