using System.Net;
using OsCircular.Agent.Serving;
using OsCircular.Peers;
using OsCircular.TestKit;
using OsCircular.TestKit.Peers;
using static OsCircular.Tests.Agent.Serving.PeerServerRig;

namespace OsCircular.Tests.Agent.Serving;

public sealed class PeerServerGreetingTests : IAsyncLifetime
{
    private PeerServerRig _rig = null!;

    public async ValueTask InitializeAsync() => _rig = await StartAsync();

    public ValueTask DisposeAsync() => _rig.DisposeAsync();

    [Fact]
    public async Task Peers_OfAMember_AreToldAndTheMemberIsHeard()
    {
        RawAnswer answer = await _rig.GetAsync("/peers", (PeerHeaders.Hello, _rig.Hello(1).ToString()), (PeerHeaders.Peer, Id(1).ToString()));
        Assert.Equal(200, answer.Status);
        Assert.Equal(_rig.Desk.PeersBody, answer.Body);
        Assert.Equal((_rig.Desk.Hello with { Port = _rig.Server.Port }).ToString(), answer.Header(PeerHeaders.Hello));
        Assert.Equal(("no-store", "application/json"), (answer.Header("Cache-Control"), answer.Header("Content-Type")));
        Assert.Null(answer.Header(PeerHeaders.Proof));
        Assert.Equal([(IPAddress.Loopback, _rig.Hello(1))], _rig.Desk.HeardOf);
        Assert.Empty(_rig.Desk.SentTo);
    }

    [Theory]
    [InlineData("/summary", "summary since ever")]
    [InlineData("/summary?since=0011223344556677:9", "summary since 0011223344556677:9")]
    public async Task Summary_OfAMember_IsTold(string target, string expected)
    {
        RawAnswer answer = await _rig.GetAsync(target, (PeerHeaders.Hello, _rig.Hello(1).ToString()));
        Assert.Equal(expected, System.Text.Encoding.ASCII.GetString(answer.Body));
        Assert.Equal(("no-store", "application/octet-stream"), (answer.Header("Cache-Control"), answer.Header("Content-Type")));
    }

    [Theory]
    [InlineData("/peers")]
    [InlineData("/summary")]
    public async Task Greeting_WithoutHello_IsMalformedAndNobodyIsHeard(string target)
    {
        Assert.Equal(400, (await _rig.GetAsync(target)).Status);
        Assert.Equal(400, (await _rig.GetAsync(target, (PeerHeaders.Hello, "hello"))).Status);
        Assert.Equal(400, (await _rig.GetAsync(target, (PeerHeaders.Hello, _rig.Hello(1).ToString()), (PeerHeaders.Hello, _rig.Hello(1).ToString()))).Status);
        Assert.Equal(400, (await _rig.GetAsync(target, (PeerHeaders.Hello, _rig.Hello(1).ToString()), (PeerHeaders.Peer, Id(2).ToString()))).Status);
        Assert.Empty(_rig.Desk.HeardOf);
    }

    [Fact]
    public async Task Greeting_OfAnotherGroup_IsRefusedAndNobodyIsHeard()
    {
        RawAnswer answer = await _rig.GetAsync("/peers", (PeerHeaders.Hello, _rig.Hello(1, Id(7)).ToString()));
        Assert.Equal((403, "another group\n"), (answer.Status, System.Text.Encoding.ASCII.GetString(answer.Body)));
        Assert.Empty(_rig.Desk.HeardOf);
        await Eventually.IsSoAsync(() => _rig.Server.Status().Refusals[PeerRefusal.AnotherGroup] == 1);
    }

    [Fact]
    public async Task Greeting_ByHead_IsHeardAndHasNoBody()
    {
        RawConnection connection = await _rig.OpenAsync();
        RawAnswer answer = await connection.AskAsync("HEAD", "/peers", (PeerHeaders.Hello, _rig.Hello(1).ToString()));
        Assert.Equal((200, _rig.Desk.PeersBody.Length.ToString()), (answer.Status, answer.Header("Content-Length")));
        Assert.Single(_rig.Desk.HeardOf);
        Assert.Equal(200, (await connection.AskAsync("GET", HeldPath)).Status);
    }

    [Fact]
    public async Task Any_FromAStranger_IsRefusedAndTheConnectionClosed()
    {
        _rig.MayBeMember = _ => false;
        foreach (string target in (string[])["/peers", "/summary", HeldPath, "/head.minisig"])
        {
            RawConnection connection = await _rig.OpenAsync();
            RawAnswer answer = await connection.AskAsync("GET", target, (PeerHeaders.Hello, _rig.Hello(1).ToString()));
            Assert.Equal((403, "close"), (answer.Status, answer.Header("Connection")));
            Assert.True(await connection.IsClosedAsync());
        }

        Assert.Empty(_rig.Desk.HeardOf);
    }

    [Fact]
    public async Task Any_FromABannedPeer_IsRefusedForAWhile()
    {
        _rig.Desk.ServesWhom = (peer, address) => peer != Id(1) || !address.Equals(IPAddress.Loopback);
        RawAnswer answer = await _rig.GetAsync("/peers", (PeerHeaders.Hello, _rig.Hello(1).ToString()), (PeerHeaders.Peer, Id(1).ToString()));
        Assert.Equal((503, "60"), (answer.Status, answer.Header("Retry-After")));
        Assert.Equal(503, (await _rig.GetAsync("/peers", (PeerHeaders.Hello, _rig.Hello(1).ToString()))).Status);
        Assert.Equal(503, (await _rig.GetAsync(HeldPath, (PeerHeaders.Peer, Id(1).ToString()))).Status);
        Assert.Equal(200, (await _rig.GetAsync(HeldPath, (PeerHeaders.Peer, Id(2).ToString()))).Status);
        Assert.Empty(_rig.Desk.HeardOf);
    }
}
