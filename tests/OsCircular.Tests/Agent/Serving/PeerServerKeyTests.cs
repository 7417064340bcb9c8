using System.Net;
using OsCircular.Agent.Serving;
using OsCircular.Peers;
using OsCircular.Peers.Access;
using OsCircular.TestKit;
using OsCircular.TestKit.Peers;
using static OsCircular.Tests.Agent.Serving.PeerServerRig;

namespace OsCircular.Tests.Agent.Serving;

public sealed class PeerServerKeyTests : IAsyncLifetime
{
    private static readonly GroupKey Key = GroupKey.Of("correct horse battery staple"u8, "key");
    private PeerServerRig _rig = null!;

    public async ValueTask InitializeAsync()
    {
        _rig = await StartAsync(key: Key);
        _rig.MayBeMember = _ => throw new InvalidOperationException("A proof says more than an address.");
    }

    public ValueTask DisposeAsync() => _rig.DisposeAsync();

    [Theory]
    [InlineData("/peers")]
    [InlineData("/summary")]
    [InlineData("/head.minisig")]
    [InlineData("/blocks/00/0000000000000000000000000000000000000000")]
    public async Task Ask_WithoutAProof_IsToldTheNonceAndNothingElse(string target)
    {
        RawAnswer answer = await _rig.GetAsync(target, (PeerHeaders.Hello, _rig.Hello(1).ToString()), (PeerHeaders.Fetch, "1"), (PeerHeaders.Length, "1"));
        Assert.Equal(401, answer.Status);
        Assert.True(PeerNonce.TryParse(answer.Header(PeerHeaders.Nonce), out _));
        Assert.Empty(answer.Body);
        Assert.Null(answer.Header(PeerHeaders.Hello));
        Assert.Empty(_rig.Desk.HeardOf);
        Assert.Empty(_rig.Desk.Fetches);
    }

    [Fact]
    public async Task Ask_WithProofs_IsAnsweredOnThatConnection()
    {
        Member member = await Member.OpenAsync(_rig);
        for (int i = 0; i < 10; i++) Assert.Equal(Held, (await member.AskAsync(HeldPath)).Body);
        await Eventually.IsSoAsync(() => _rig.Server.Status() is { } status && status.Refusals[PeerRefusal.Unproven] == 1 && status.Answers[PeerAnswer.Given] == 10);
    }

    [Theory]
    [InlineData("/peers")]
    [InlineData("/summary?since=0011223344556677:9")]
    public async Task Greet_WithAProof_IsAnsweredWithOne(string target)
    {
        Member member = await Member.OpenAsync(_rig);
        RequestProof proof = member.Prove(target, _rig.Hello(1));
        RawAnswer answer = await member.SendAsync(target, proof, _rig.Hello(1));
        Assert.Equal(200, answer.Status);
        string? hello = answer.Header(PeerHeaders.Hello);
        Assert.True(AnswerProof.Verify(Key, proof.Context, target, hello, answer.Body, answer.Header(PeerHeaders.Proof)));
        Assert.Equal((_rig.Desk.Hello with { Port = _rig.Server.Port }).ToString(), hello);
        Assert.Single(_rig.Desk.HeardOf);
    }

    [Fact]
    public async Task Ask_ProofAgainOnTheSameConnection_IsRefused()
    {
        Member member = await Member.OpenAsync(_rig);
        RequestProof proof = member.Prove(HeldPath);
        Assert.Equal(200, (await member.SendAsync(HeldPath, proof)).Status);
        Assert.Equal(401, (await member.SendAsync(HeldPath, proof)).Status);
        Assert.Equal(200, (await member.SendAsync(HeldPath, member.Prove(HeldPath))).Status);
    }

    [Fact]
    public async Task Ask_ProofAgainOnAnotherConnection_IsRefused()
    {
        Member first = await Member.OpenAsync(_rig);
        Member second = await Member.OpenAsync(_rig);
        RequestProof proof = first.Prove(HeldPath);
        Assert.Equal(401, (await second.SendAsync(HeldPath, proof)).Status);
        Assert.Equal(200, (await first.SendAsync(HeldPath, proof)).Status);
    }

    [Fact]
    public async Task Ask_ProofMadeForAnotherListener_IsRefused()
    {
        // As if a third host had made a member believe that it were us, and passed on what it said.
        Member member = await Member.OpenAsync(_rig);
        RequestProof reflected = member.Prove(HeldPath, listener: new IPEndPoint(IPAddress.Parse("10.77.0.66"), _rig.Server.Port));
        Assert.Equal(401, (await member.SendAsync(HeldPath, reflected)).Status);
    }

    [Fact]
    public async Task Ask_HeaderChangedOnTheWay_IsRefused()
    {
        Member member = await Member.OpenAsync(_rig);
        RequestProof proof = member.Prove(AbsentPath);
        Assert.Equal(401, (await member.SendAsync(AbsentPath, proof, null, (PeerHeaders.Fetch, "1"), (PeerHeaders.Length, "70000"))).Status);
        Assert.Equal(401, (await member.SendAsync(HeldPath, member.Prove(AbsentPath))).Status);
        Assert.Empty(_rig.Desk.Fetches);
    }

    [Fact]
    public async Task Ask_WithAnotherKey_IsCutAfterEightTries()
    {
        Member stranger = await Member.OpenAsync(_rig, GroupKey.Of("another key of another group"u8, "key"));
        for (int i = 0; i < 6; i++) Assert.Equal(401, (await stranger.AskAsync(HeldPath)).Status);
        await stranger.Connection.SendAsync("GET", HeldPath);
        Assert.Null(await stranger.Connection.ReadAsync());
        Assert.Equal(200, (await (await Member.OpenAsync(_rig)).AskAsync(HeldPath)).Status);
    }

    [Fact]
    public async Task Ask_OverMappedIpv4_IsProvenForThePlainAddress()
    {
        await using PeerServerRig both = await StartAsync(key: Key, listen: IPAddress.IPv6Any);
        Assert.Equal(200, (await (await Member.OpenAsync(both)).AskAsync(HeldPath)).Status);
        Assert.Equal(200, (await (await Member.OpenAsync(both, address: IPAddress.IPv6Loopback)).AskAsync(HeldPath)).Status);
        await Eventually.IsSoAsync(() => both.Desk.SentTo.Count == 2);
        Assert.Equal([IPAddress.Loopback, IPAddress.IPv6Loopback], both.Desk.SentTo.Select(sent => sent.Address));
    }

    /// <summary>An asker with a key, on one connection whose nonce it was told.</summary>
    private sealed class Member
    {
        private readonly ConnectionProof _proof;

        private Member(RawConnection connection, GroupKey key)
        {
            Connection = connection;
            _proof = new ConnectionProof(key);
        }

        public RawConnection Connection { get; }

        public static async Task<Member> OpenAsync(PeerServerRig rig, GroupKey? key = null, IPAddress? address = null)
        {
            var member = new Member(await rig.OpenAsync(address), key ?? Key);
            RawAnswer refused = await member.Connection.AskAsync("GET", "/head.minisig");
            Assert.True(member._proof.Learn(refused.Header(PeerHeaders.Nonce)));
            return member;
        }

        public RequestProof Prove(string target, PeerHello? hello = null, IPEndPoint? listener = null)
        {
            var request = new PeerRequest("GET", target, Id(1).ToString(), hello?.ToString() ?? "");
            Assert.True(_proof.TryProve(request, listener ?? Connection.Remote, out RequestProof? proof));
            return proof;
        }

        public Task<RawAnswer> AskAsync(string target) => SendAsync(target, Prove(target));

        public Task<RawAnswer> SendAsync(string target, RequestProof proof, PeerHello? hello = null, params IEnumerable<(string Name, string Value)> more)
        {
            IEnumerable<(string, string)> headers = [(PeerHeaders.Peer, Id(1).ToString()), (PeerHeaders.Nonce, proof.Nonce), (PeerHeaders.Proof, proof.Proof), .. more];
            return Connection.AskAsync("GET", target, hello is null ? headers : headers.Append((PeerHeaders.Hello, hello.ToString())));
        }
    }
}
