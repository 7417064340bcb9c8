using System.Net;
using OsCircular.Peers;
using OsCircular.Peers.Discovery;
using OsCircular.TestKit;
using OsCircular.TestKit.Peers;
using OsCircular.TestKit.Programs;

namespace OsCircular.SystemTests.Peers;

public sealed class OpentrackerTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(15);
    private static readonly PeerId Group = new([.. Enumerable.Range(3, 20).Select(i => (byte)(i * 13))]);

    [Fact(Timeout = 60_000)]
    public async Task Announce_RealTracker_TheLaterFindsTheEarlierUntilItSaysGoodbye()
    {
        await using Opentracker tracker = await Opentracker.StartAsync(Group.ToString());
        await using var first = new Agent(tracker, Group, 7001);
        await first.Finds.WaitForAsync(At(7001), PeerFindSource.Tracker, Limit);
        await using (var second = new Agent(tracker, Group, 7002))
        {
            await second.Finds.WaitForAsync(At(7001), PeerFindSource.Tracker, Limit);
            Assert.Equal(2, second.Status.Peers);
            Assert.InRange(second.Status.UntilNext, TimeSpan.FromMinutes(10), TimeSpan.FromHours(1));
        }

        await using var third = new Agent(tracker, Group, 7003);
        await third.Finds.WaitForAsync(At(7001), PeerFindSource.Tracker, Limit);
        Assert.Equal([At(7001), At(7003)], third.Finds.All.Select(find => find.Address).OrderBy(address => address.Port));
    }

    [Fact(Timeout = 60_000)]
    public async Task Announce_GroupNotOnItsWhitelist_SaysWhatTheTrackerSays()
    {
        await using Opentracker tracker = await Opentracker.StartAsync(Group.ToString());
        await using var agent = new Agent(tracker, new PeerId(new byte[20]), 7001);
        await Eventually.IsSoAsync(() => agent.Status.Problem?.Contains("not authorized", StringComparison.Ordinal) ?? false);
        await Eventually.IsSoAsync(() => agent.Log.Lines.Any(line => line.Contains("not authorized", StringComparison.Ordinal)));
        Assert.Empty(agent.Finds.All);
    }

    private static IPEndPoint At(int port) => new(IPAddress.Loopback, port);

    private sealed class Agent : IAsyncDisposable
    {
        private readonly CancellationTokenSource _end = new();
        private readonly TrackerClient _client;
        private readonly TrackerLoop _loop;
        private readonly Task _running;

        public Agent(Opentracker tracker, PeerId group, int port)
        {
            byte[] id = new byte[PeerId.Size];
            new Random(port).NextBytes(id);
            _client = new TrackerClient(group, new PeerId(id), port, TimeProvider.System);
            _loop = new TrackerLoop(TrackerUrl.Parse(tracker.AnnounceUrl), _client, Finds, TimeProvider.System, new Random(port), Log);
            _running = _loop.RunAsync(_end.Token);
        }

        public RecordedFinds Finds { get; } = new();
        public RecordedLog Log { get; } = new();
        public TrackerStatus Status => _loop.Status;

        public async ValueTask DisposeAsync()
        {
            await _end.CancelAsync();
            await _running.WaitAsync(Limit);
            _client.Dispose();
            _end.Dispose();
        }
    }
}
