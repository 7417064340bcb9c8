using OsCircular.Peers;
using OsCircular.Peers.Discovery;
using OsCircular.TestKit.Mirrors;
using OsCircular.TestKit.Peers;
using OsCircular.TestKit.Programs;

namespace OsCircular.Tests.Peers.Discovery;

public sealed class TrackerClientTests : IDisposable
{
    private const string Announced =
        "info_hash=%00%01%02%03%04%05%06%07%08%09%0A%0B%0C%0D%0E%0F%10Az%FF&peer_id=-._~%25%26%2B%20%3D%3F%23%2F09%80%C3%BC%7F%E2%82" +
        "&port=7117&uploaded=0&downloaded=0&left=1&compact=1&numwant=50";

    private static readonly PeerId Group = new([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, (byte)'A', (byte)'z', 255]);
    private static readonly PeerId Self = new([.. "-._~%&+ =?#/09"u8, 0x80, 0xc3, 0xbc, 0x7f, 0xe2, 0x82]);

    private readonly WatchedTime _time = new();
    private readonly TrackerClient _client;

    public TrackerClientTests() => _client = new TrackerClient(Group, Self, 7117, _time);

    public void Dispose() => _client.Dispose();

    [Theory]
    [InlineData("/announce", "announce?", TrackerEvent.None, "")]
    [InlineData("/announce", "announce?", TrackerEvent.Started, "&event=started")]
    [InlineData("/announce", "announce?", TrackerEvent.Stopped, "&event=stopped")]
    [InlineData("/a/b.php?key=x", "a/b.php?key=x&", TrackerEvent.None, "")]
    [InlineData("", "?", TrackerEvent.None, "")]
    internal async Task Announce_OverTheWire_AsksThis(string url, string before, TrackerEvent what, string after)
    {
        await using var server = new ScriptedHttpServer(request => request.RespondAsync(200, "de"u8.ToArray()));
        await _client.AnnounceAsync(TrackerUrl.Parse(server.Url + url), what, default);
        Assert.Equal(before + Announced + after, Assert.Single(server.Requests).Path);
    }

    [Fact(Timeout = 30_000)]
    public async Task Announce_GoodAnswer_IsRead()
    {
        await using var server = new ScriptedHttpServer(request => request.RespondAsync(200, [.. "d8:intervali60e5:peers6:"u8, 10, 0, 0, 7, 27, 205, (byte)'e']));
        TrackerAnswer answer = await AnnounceAsync(server);
        Assert.Equal("10.0.0.7:7117", Assert.Single(answer.Peers).ToString());
        Assert.Equal(TimeSpan.FromMinutes(1), answer.Interval);
        Assert.Null(answer.Problem);
    }

    [Theory(Timeout = 30_000)]
    [InlineData(404, "HTTP 404")]
    [InlineData(302, "HTTP 302")]
    [InlineData(204, "HTTP 204")]
    public async Task Announce_OtherStatus_IsAProblemAndNeverFollowed(int status, string problem)
    {
        await using var server = new ScriptedHttpServer(request => request.RespondAsync(status, null, "Location: /elsewhere"));
        Assert.Equal(problem, (await AnnounceAsync(server)).Problem);
        Assert.Single(server.Requests);
    }

    [Fact(Timeout = 30_000)]
    public async Task Announce_EndlessBody_IsReadNoFurtherThanItMayBe()
    {
        int sent = 0;
        await using var server = new ScriptedHttpServer(async request =>
        {
            await request.HeadThenAsync("HTTP/1.1 200 OK", ["Connection: close"], "9999999:"u8.ToArray());
            for (;; sent++) await request.RawAsync(new byte[16 * 1024]);
        });
        Assert.Equal("what it answers is not a tracker's answer", (await AnnounceAsync(server)).Problem);
        Assert.True(sent < 2000, "the rest lies in the system's buffers at most");
    }

    [Fact(Timeout = 30_000)]
    public async Task Announce_NoAnswer_EndsAfterTenSeconds()
    {
        await using var server = new ScriptedHttpServer(request => request.StallAsync("d8:interval"u8.ToArray(), 5));
        Task<TrackerAnswer> answer = AnnounceAsync(server);
        await _time.WaitForTimerAsync(TrackerClient.Limit, TrackerClient.Limit);
        _time.Advance(TrackerClient.Limit);
        Assert.Equal("no answer within 10 s", (await answer).Problem);
    }

    [Fact(Timeout = 30_000)]
    public async Task Announce_NobodyThere_IsAProblem()
    {
        TrackerAnswer answer = await _client.AnnounceAsync(TrackerUrl.Parse($"http://127.0.0.1:{LoopbackPort.Free()}/announce"), TrackerEvent.Started, default);
        Assert.Contains("refused", answer.Problem);
    }

    [Fact(Timeout = 30_000)]
    public async Task Announce_BodyThatBreaksOff_IsAProblem()
    {
        await using var server = new ScriptedHttpServer(async request =>
        {
            await request.HeadThenAsync("HTTP/1.1 200 OK", ["Content-Length: 100"], "d5:peers"u8.ToArray());
            request.Close();
        });
        Assert.NotNull((await AnnounceAsync(server)).Problem);
    }

    [Fact(Timeout = 30_000)]
    public async Task Announce_CallerGivesUp_Throws()
    {
        await using var server = new ScriptedHttpServer(request => request.StallAsync([1], 0));
        using var end = new CancellationTokenSource();
        Task<TrackerAnswer> answer = _client.AnnounceAsync(TrackerUrl.Parse(server.Url), TrackerEvent.None, end.Token);
        await end.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => answer);
    }

    private Task<TrackerAnswer> AnnounceAsync(ScriptedHttpServer server) =>
        _client.AnnounceAsync(TrackerUrl.Parse(server.Url + "/announce"), TrackerEvent.None, TestContext.Current.CancellationToken);
}
