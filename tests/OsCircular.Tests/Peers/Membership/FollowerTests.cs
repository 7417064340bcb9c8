using System.Net;
using OsCircular.Peers;
using OsCircular.Peers.Membership;
using OsCircular.TestKit.Mirrors;
using OsCircular.TestKit.Peers;
using OsCircular.TestKit.Sources;

namespace OsCircular.Tests.Peers.Membership;

public sealed class FollowerTests : IAsyncLifetime
{
    private readonly TestMembers _members = new(TimeProvider.System);
    private readonly RecordedLog _log = new();
    private readonly CancellationTokenSource _stop = new();
    private ScriptedHttpServer _server = null!;
    private Member _member = null!;
    private PeerSet _peers = null!;
    private Task _following = Task.CompletedTask;
    private volatile bool _answers = true;

    public ValueTask InitializeAsync()
    {
        PeerHello hello = TestMembers.Hello(1);
        byte[] summary = new OsCircular.Peers.Summaries.SummaryWriter(new FakeHeldNames(), 1).Answer(null);
        _server = new ScriptedHttpServer(request => request.RespondAsync(_answers ? 200 : 500, summary, $"{PeerHeaders.Hello}: {hello}"));
        Assert.Equal(Hearing.New, _members.Table.Hear(new IPEndPoint(IPAddress.Loopback, new Uri(_server.Url).Port), hello, out Member? member));
        _member = member!;
        _peers = _members.Set(new Random(1), _log);
        SummaryRoom room = new(_members.Table, 1 << 20, new DuplicateCount(new FakeHeldNames(), _members.Metrics));
        Follower follower = new(_peers, room, (heard, said) => _members.Table.Hear(heard.Address, said, out _), _log);
        _following = follower.RunAsync(_member, _stop.Token);
        return default;
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _following;
        await _server.DisposeAsync();
        _members.Dispose();
        _stop.Dispose();
    }

    [Fact]
    public async Task Run_ARequestFoundItSilentBeforeALookDid_IsToldAllTheSame()
    {
        await LookedAtAsync();
        _answers = false;
        _peers.NoteSilent(_member);
        await PeerWait.UntilAsync(() => _log.Lines.Count == 1);
        Assert.Contains("does not answer: HTTP 500", _log.Lines[0], StringComparison.Ordinal);
        _answers = true;
        _member.Wake();
        await PeerWait.UntilAsync(() => _log.Lines.Count == 2);
        Assert.Contains("answers again", _log.Lines[1], StringComparison.Ordinal);
    }

    [Fact]
    public async Task Run_ARequestFoundItSilentAndTheLookDoesNot_IsNotTold()
    {
        await LookedAtAsync();
        _peers.NoteSilent(_member);
        await PeerWait.UntilAsync(() => _member.IsAlive);
        await LookedAtAsync();
        Assert.Empty(_log.Lines);
    }

    private async Task LookedAtAsync()
    {
        int before = _server.Requests.Count;
        _member.Wake();
        await PeerWait.UntilAsync(() => _server.Requests.Count > before);
    }
}
