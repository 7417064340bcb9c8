using OsCircular.Agent.Serving;
using OsCircular.Blocks;
using OsCircular.Peers;
using OsCircular.Sources;
using OsCircular.TestKit;
using OsCircular.TestKit.Peers;
using static OsCircular.Tests.Agent.Serving.PeerServerRig;

namespace OsCircular.Tests.Agent.Serving;

public sealed class PeerServerHomeTests : IAsyncLifetime
{
    private static readonly DocumentName Page = new(DocumentKind.IndexPage, Digest.Of("page"u8));
    private PeerServerRig _rig = null!;

    public async ValueTask InitializeAsync() => _rig = await StartAsync(new PeerServerOptions { FetchesPerPeer = 2 });

    public ValueTask DisposeAsync() => _rig.DisposeAsync();

    [Fact]
    public async Task Fetch_Given_ComesWholeAndIsAccounted()
    {
        _rig.Desk.FetchBlock = GiveAsync;
        RawAnswer answer = await _rig.FetchAsync(headers: (PeerHeaders.Class, "fill"));
        Assert.Equal(200, answer.Status);
        Assert.Equal(Absent, answer.Body);
        Assert.Equal([new AskedFetch(BlockName.Of(Absent), 70_000, FetchClass.Fill, false)], _rig.Desk.Fetches);
        await Eventually.IsSoAsync(() => _rig.Desk.SentTo.Count == 1);
        Assert.Equal(70_000, _rig.Desk.SentTo[0].Bytes);
    }

    [Fact]
    public async Task Fetch_Join_OnlyJoins()
    {
        Assert.Equal(404, (await _rig.FetchAsync("join")).Status);
        Assert.Equal([new AskedFetch(BlockName.Of(Absent), 70_000, FetchClass.Reader, true)], _rig.Desk.Fetches);
    }

    [Theory]
    [InlineData(1500, "1500")]
    [InlineData(0.2, "1")]
    [InlineData(-5, "0")]
    public async Task Fetch_Working_IsToldWithItsEstimate(double milliseconds, string expected)
    {
        Answer(new HomeAnswer(HomeAnswerKind.Working, Estimate: TimeSpan.FromMilliseconds(milliseconds)));
        RawAnswer answer = await _rig.FetchAsync();
        Assert.Equal((202, expected), (answer.Status, answer.Header(PeerHeaders.Estimate)));
        await Eventually.IsSoAsync(() => _rig.Server.Status().Answers[PeerAnswer.Working] == 1);
    }

    [Fact]
    public async Task Fetch_Missing_IsNotFound() => Assert.Equal(404, (await _rig.FetchAsync()).Status);

    [Fact]
    public async Task Fetch_Refused_IsToldToComeAgain()
    {
        Answer(new HomeAnswer(HomeAnswerKind.Refused));
        RawAnswer answer = await _rig.FetchAsync();
        Assert.Equal((503, "1"), (answer.Status, answer.Header("Retry-After")));
    }

    [Theory]
    [InlineData("1", "")]
    [InlineData("1", "0")]
    [InlineData("1", "-1")]
    [InlineData("1", "4194305")]
    [InlineData("1", "99999999999999999999")]
    [InlineData("1", "70 000")]
    [InlineData("2", "70000")]
    [InlineData("JOIN", "70000")]
    public async Task Fetch_HeaderOfAnotherForm_IsMalformedAndNotAskedFor(string fetch, string length)
    {
        Assert.Equal(400, (await _rig.FetchAsync(fetch, length)).Status);
        Assert.Empty(_rig.Desk.Fetches);
    }

    [Fact]
    public async Task Fetch_HeaderTwice_IsMalformed() => Assert.Equal(400, (await _rig.FetchAsync(headers: (PeerHeaders.Fetch, "1"))).Status);

    [Fact]
    public async Task Fetch_LongestBlock_IsAskedFor()
    {
        Assert.Equal(404, (await _rig.FetchAsync(length: "4194304")).Status);
        Assert.Equal(4194304, Assert.Single(_rig.Desk.Fetches).StoredLength);
    }

    [Fact]
    public async Task Fetch_HeldBlock_ComesFromItsFile()
    {
        Assert.Equal(Held, (await _rig.GetAsync(HeldPath, (PeerHeaders.Fetch, "1"), (PeerHeaders.Length, "90000"))).Body);
        Assert.Empty(_rig.Desk.Fetches);
    }

    [Fact]
    public async Task Fetch_Document_ComesWithoutALength()
    {
        _rig.Desk.FetchDocument = name => name == Page ? new HomeAnswer(HomeAnswerKind.Given, "page"u8.ToArray()) : new HomeAnswer(HomeAnswerKind.Missing);
        Assert.Equal("page"u8.ToArray(), (await _rig.GetAsync("/" + Page.Path, (PeerHeaders.Fetch, "1"))).Body);
        Assert.Equal(404, (await _rig.GetAsync("/" + Page.Path, (PeerHeaders.Fetch, "join"))).Status);
        Assert.Equal(404, (await _rig.GetAsync("/" + Page.Path)).Status);
    }

    [Fact]
    public async Task Fetch_HeadNotThere_IsMissing()
    {
        File.Delete(_rig.Folder["head.minisig"]);
        Assert.Equal(404, (await _rig.GetAsync("/head.minisig", (PeerHeaders.Fetch, "1"))).Status);
    }

    [Fact]
    public async Task Fetch_MoreThanOnePeerMay_IsRefusedAtOnceAndOthersAreNot()
    {
        var release = new TaskCompletionSource();
        _rig.Desk.FetchBlock = async (asked, _, _) =>
        {
            await release.Task;
            return new HomeAnswer(HomeAnswerKind.Missing);
        };
        Task<RawAnswer>[] running = [As(1), As(1)];
        await Eventually.IsSoAsync(() => _rig.Server.Status().Fetches == 2);
        Assert.Equal(503, (await As(1)).Status);

        Task<RawAnswer> other = As(2);
        await Eventually.IsSoAsync(() => _rig.Server.Status().Fetches == 3);
        release.SetResult();
        Assert.All(await Task.WhenAll([.. running, other]), answer => Assert.Equal(404, answer.Status));
        await Eventually.IsSoAsync(() => _rig.Server.Status().Fetches == 0);
        Assert.Equal(1, _rig.Server.Status().Refusals[PeerRefusal.FetchesFull]);

        Task<RawAnswer> As(byte peer) => _rig.FetchAsync(headers: (PeerHeaders.Peer, Id(peer).ToString()));
    }

    [Fact]
    public async Task Fetch_AskerGoes_IsCancelled()
    {
        var cancelled = new TaskCompletionSource();
        _rig.Desk.FetchBlock = async (_, _, token) =>
        {
            await using CancellationTokenRegistration registration = token.Register(cancelled.SetResult);
            await cancelled.Task;
            token.ThrowIfCancellationRequested();
            return default;
        };
        using (RawConnection connection = await RawConnection.OpenAsync(System.Net.IPAddress.Loopback, _rig.Server.Port))
        {
            await connection.SendAsync("GET", AbsentPath, (PeerHeaders.Fetch, "1"), (PeerHeaders.Length, "70000"));
            await Eventually.IsSoAsync(() => _rig.Desk.Fetches.Count == 1);
        }

        await cancelled.Task.WaitAsync(TimeSpan.FromSeconds(20));
        await Eventually.IsSoAsync(() => _rig.Server.Status() is { Fetches: 0 } status && status.Answers[PeerAnswer.Failed] == 1);
    }

    [Fact]
    public async Task Fetch_AgentFails_IsOurFaultAndTheNextIsAnswered()
    {
        _rig.Desk.FetchBlock = (_, _, _) => throw new InvalidOperationException("a defect");
        Assert.Equal(500, (await _rig.FetchAsync()).Status);
        Assert.Equal(200, (await _rig.GetAsync(HeldPath)).Status);
        Assert.Equal(0, _rig.Server.Status().Fetches);
    }

    private static Task<HomeAnswer> GiveAsync(AskedFetch asked, Memory<byte> destination, CancellationToken cancellationToken)
    {
        Absent.CopyTo(destination);
        return Task.FromResult(new HomeAnswer(HomeAnswerKind.Given, destination[..asked.StoredLength]));
    }

    private void Answer(HomeAnswer answer) => _rig.Desk.FetchBlock = (_, _, _) => Task.FromResult(answer);
}
