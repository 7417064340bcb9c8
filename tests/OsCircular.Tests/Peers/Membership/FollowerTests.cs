using System.Net;
using OsCircular.Peers;
using OsCircular.Peers.Membership;
using OsCircular.Peers.Summaries;
using OsCircular.TestKit;
using OsCircular.TestKit.Mirrors;
using OsCircular.TestKit.Peers;
using OsCircular.TestKit.Sources;

namespace OsCircular.Tests.Peers.Membership;

public sealed class FollowerTests : IAsyncLifetime
{
    private readonly TestMembers _members = new(TimeProvider.System);
    private readonly RecordedLog _log = new();
    private readonly FakeHeldNames _held = new();
    private readonly CancellationTokenSource _stop = new();
    private ScriptedHttpServer _server = null!;
    private PeerSet _peers = null!;
    private SummaryRoom _room = null!;
    private Task _following = Task.CompletedTask;
    private volatile bool _answers = true;

    private Member Followed => _members.Table.All[0];

    public ValueTask InitializeAsync()
    {
        PeerHello hello = TestMembers.Hello(1);
        SummaryWriter writer = new(_held, 1);
        _server = new ScriptedHttpServer(request => request.RespondAsync(
            _answers ? 200 : 500, request.Path == "peers" ? [] : writer.Answer(request.Path.Contains('=') ? request.Path.Split('=')[1] : null), $"{PeerHeaders.Hello}: {hello}"));
        Assert.Equal(Hearing.New, _members.Table.Hear(new IPEndPoint(IPAddress.Loopback, new Uri(_server.Url).Port), hello, out _));
        _peers = _members.Set(new Random(1), _log);
        _room = new SummaryRoom(_members.Table, 1 << 20, new DuplicateCount(new FakeHeldNames(), _members.Metrics), TimeProvider.System);
        Follower follower = new(_peers, _room, (heard, said) => _members.Table.Hear(heard.Address, said, out _), _log);
        _following = follower.RunAsync(Followed, _stop.Token);
        return default;
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _following;
        await _server.DisposeAsync();
        _room.Dispose();
        _members.Dispose();
        _stop.Dispose();
    }

    [Fact]
    public async Task Run_ARequestFoundItSilentBeforeALookDid_IsToldAllTheSame()
    {
        await LookedAtAsync();
        _answers = false;
        _peers.NoteSilent(Followed);
        await Eventually.IsSoAsync(() => _log.Lines.Count == 1);
        Assert.Contains("does not answer: HTTP 500", _log.Lines[0], StringComparison.Ordinal);
        _answers = true;
        Followed.Wake();
        await Eventually.IsSoAsync(() => _log.Lines.Count == 2);
        Assert.Contains("answers again", _log.Lines[1], StringComparison.Ordinal);
    }

    [Fact]
    public async Task Run_ARequestFoundItSilentAndTheLookDoesNot_IsNotTold()
    {
        await LookedAtAsync();
        _peers.NoteSilent(Followed);
        await Eventually.IsSoAsync(() => Followed.IsAlive);
        await LookedAtAsync();
        Assert.Empty(_log.Lines);
    }

    [Fact]
    public async Task Run_ALongSummary_IsReadWhenThereIsRoomForIt()
    {
        await LookedAtAsync();
        for (int i = 0; i < SummaryRoom.MaxReading; i++) Assert.True(await _room.TryEnterAsync(TestContext.Current.CancellationToken));

        // So much came at once that it is not told as changes.
        _held.AddInBulk(Enumerable.Range(1, 100_000).Select(i => (ulong)i << 40));
        Followed.Wake();
        await Eventually.IsSoAsync(() => _server.Requests.Any(request => request.Path == "peers"));
        Assert.Equal(0, Followed.Summary.Names);
        Assert.True(Followed.IsAlive);

        _room.Leave();
        Followed.Wake();
        await Eventually.IsSoAsync(() => Followed.Summary.Names == 100_000);
        Assert.Empty(_log.Lines);
    }

    private async Task LookedAtAsync()
    {
        int before = _server.Requests.Count;
        Followed.Wake();
        await Eventually.IsSoAsync(() => _server.Requests.Count > before);
    }
}
