using System.Net;
using OsCircular.Peers;
using OsCircular.Peers.Discovery;
using OsCircular.TestKit.Mirrors;
using OsCircular.TestKit.Peers;

namespace OsCircular.Tests.Peers.Discovery;

public sealed class TrackerLoopTests
{
    private static readonly PeerId Id = new(new byte[20]);
    private static readonly byte[] Good = [.. "d8:intervali600e5:peers6:"u8, 10, 0, 0, 7, 27, 205, (byte)'e'];

    private readonly WatchedTime _time = new();
    private readonly RecordedFinds _finds = new();
    private readonly RecordedLog _log = new();

    [Fact(Timeout = 60_000)]
    public async Task Run_FromStartToEnd_StartsKeepsOnAndSaysGoodbye()
    {
        await using var server = new ScriptedHttpServer(request => request.RespondAsync(200, Good));
        using var client = new TrackerClient(Id, Id, 7117, _time);
        using var end = new CancellationTokenSource();
        TrackerLoop loop = Loop(server, client);
        Assert.Equal(new TrackerStatus(server.Url + "/announce", null, null, TimeSpan.Zero, 0), loop.Status);
        Task running = loop.RunAsync(end.Token);

        TimeSpan wait = await WaitAsync(TimeSpan.FromSeconds(600), TimeSpan.FromSeconds(630));
        Assert.Equal(new TrackerStatus(server.Url + "/announce", null, TimeSpan.Zero, loop.Status.UntilNext, 1), loop.Status);
        Assert.Equal(wait.TotalSeconds, loop.Status.UntilNext.TotalSeconds, 0.01);
        _time.Advance(wait);
        await WaitAsync(TimeSpan.FromSeconds(600), TimeSpan.FromSeconds(630));
        await end.CancelAsync();
        await running;

        Assert.Equal(["started", "", "stopped"], server.Requests.Select(request => Event(request.Path)));
        Assert.Equal([(new IPEndPoint(IPAddress.Parse("10.0.0.7"), 7117), PeerFindSource.Tracker), (new IPEndPoint(IPAddress.Parse("10.0.0.7"), 7117), PeerFindSource.Tracker)], _finds.All);
        Assert.Equal([$"Information: tracker {server.Url}/announce answers"], _log.Lines);
    }

    [Fact(Timeout = 60_000)]
    public async Task Run_TrackerFails_ComesBackLaterAndLaterAndStartsAgain()
    {
        bool good = false;
        await using var server = new ScriptedHttpServer(request => good ? request.RespondAsync(200, Good) : request.RespondAsync(200, "d14:failure reason2:noe"u8.ToArray()));
        using var client = new TrackerClient(Id, Id, 7117, _time);
        using var end = new CancellationTokenSource();
        TrackerLoop loop = Loop(server, client);
        Task running = loop.RunAsync(end.Token);
        foreach (int seconds in (int[])[5, 10, 20, 40, 80, 160, 300, 300])
        {
            TimeSpan wait = await WaitAsync(TimeSpan.FromSeconds(0.75 * seconds), TimeSpan.FromSeconds(1.25 * seconds));
            Assert.Equal("it refuses: no", loop.Status.Problem);
            _time.Advance(wait);
        }

        await WaitAsync(TimeSpan.FromSeconds(225), TimeSpan.FromSeconds(375));
        good = true;
        _time.Advance(TimeSpan.FromSeconds(375));
        await WaitAsync(TimeSpan.FromSeconds(600), TimeSpan.FromSeconds(630));
        Assert.Null(loop.Status.Problem);
        Assert.All(server.Requests, request => Assert.Equal("started", Event(request.Path)));
        Assert.Equal([$"Warning: tracker {server.Url}/announce: it refuses: no", $"Information: tracker {server.Url}/announce answers"], _log.Lines);
        await end.CancelAsync();
        await running;
    }

    [Fact(Timeout = 60_000)]
    public async Task Run_EndsBeforeTheTrackerKnew_SaysNothingMore()
    {
        await using var server = new ScriptedHttpServer(request => request.RespondAsync(500));
        using var client = new TrackerClient(Id, Id, 7117, _time);
        using var end = new CancellationTokenSource();
        Task running = Loop(server, client).RunAsync(end.Token);
        await WaitAsync(TimeSpan.FromSeconds(3.75), TimeSpan.FromSeconds(6.25));
        await end.CancelAsync();
        await running;
        Assert.Single(server.Requests);
    }

    [Fact(Timeout = 60_000)]
    public async Task Run_GoodbyeIsNotAnswered_EndsAfterASecond()
    {
        await using var server = new ScriptedHttpServer(request => request.Path.Contains("stopped") ? request.StallAsync([1], 0) : request.RespondAsync(200, Good));
        using var client = new TrackerClient(Id, Id, 7117, _time);
        using var end = new CancellationTokenSource();
        Task running = Loop(server, client).RunAsync(end.Token);
        await WaitAsync(TimeSpan.FromSeconds(600), TimeSpan.FromSeconds(630));
        await end.CancelAsync();
        await WaitAsync(TrackerLoop.GoodbyeLimit, TrackerLoop.GoodbyeLimit);
        _time.Advance(TrackerLoop.GoodbyeLimit);
        await running;
    }

    private TrackerLoop Loop(ScriptedHttpServer server, TrackerClient client) =>
        new(TrackerUrl.Parse(server.Url + "/announce"), client, _finds, _time, new Random(1), _log);

    private static string Event(string path) => path.Contains("&event=") ? path.Split("&event=")[1] : "";

    // The limit of each request is a timer too, of 10 s.
    private async Task<TimeSpan> WaitAsync(TimeSpan least, TimeSpan most)
    {
        TimeSpan wait;
        do wait = await _time.WaitForTimerAsync(least, most);
        while (wait == TrackerClient.Limit);
        return wait;
    }
}
