using System.Net;
using Microsoft.Extensions.Time.Testing;
using OsCircular.Peers;
using OsCircular.Peers.Choice;
using OsCircular.Peers.Client;
using OsCircular.Sources;
using OsCircular.Sources.Transfers;
using OsCircular.TestKit;
using OsCircular.TestKit.Mirrors;

namespace OsCircular.Tests.Peers.Client;

public sealed class PeerLanesTests
{
    private static readonly PeerOptions Options = new() { Lanes = 2, Silence = TimeSpan.FromSeconds(1) };

    [Fact]
    public async Task Get_MoreAtOneTimeThanLanes_WaitTheirTurn()
    {
        TaskCompletionSource gate = new(TaskCreationOptions.RunContinuationsAsynchronously);
        await using ScriptedHttpServer server = new(async request =>
        {
            await gate.Task;
            await request.RespondAsync(200, "abc"u8.ToArray());
        });
        using PeerLanes lanes = Open(server, Options with { Silence = TimeSpan.FromSeconds(20) });
        Task<PeerAnswer>[] asks = [.. Enumerable.Range(0, 6).Select(_ => GetAsync(lanes))];
        await Eventually.IsSoAsync(() => server.Requests.Count == 2);
        gate.SetResult();
        Assert.All(await Task.WhenAll(asks), answer => Assert.Equal(SourceError.None, answer.Error));
        Assert.Equal(2, server.Connections);
    }

    [Fact]
    public async Task Dispose_WhileOthersWaitForALane_TellsThem()
    {
        TaskCompletionSource gate = new(TaskCreationOptions.RunContinuationsAsynchronously);
        await using ScriptedHttpServer server = new(async request =>
        {
            await gate.Task;
            await request.RespondAsync(404);
        });
        PeerLanes lanes = Open(server, Options with { Silence = TimeSpan.FromSeconds(20) });
        Task<PeerAnswer>[] asks = [.. Enumerable.Range(0, 5).Select(_ => GetAsync(lanes))];
        await Eventually.IsSoAsync(() => server.Requests.Count == 2);
        lanes.Dispose();
        gate.SetResult();
        PeerAnswer[] answers = await Task.WhenAll(asks).WaitAsync(Eventually.Limit, TestContext.Current.CancellationToken);
        Assert.Equal(2, answers.Count(answer => answer.Error == SourceError.Missing));
        Assert.Equal(3, answers.Count(answer => answer.Error == SourceError.Unreachable));
    }

    [Fact]
    public async Task Get_NothingComes_IsTimedOutAfterTheSilence()
    {
        await using ScriptedHttpServer server = new(async request => await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, request.Stopping));
        using PeerLanes lanes = Open(server, Options with { Silence = TimeSpan.FromMilliseconds(100) });
        PeerAnswer answer = await GetAsync(lanes);
        Assert.Equal(SourceError.TimedOut, answer.Error);
        Assert.Contains("silent", answer.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Get_TheWholeTakesTooLong_IsTimedOut()
    {
        await using ScriptedHttpServer server = new(async request => await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, request.Stopping));
        using PeerLanes lanes = Open(server, Options with { Silence = TimeSpan.FromSeconds(20) });
        PeerAnswer answer = await GetAsync(lanes, limit: TimeSpan.FromMilliseconds(100));
        Assert.Equal(SourceError.TimedOut, answer.Error);
        Assert.Contains("too slow", answer.Detail, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(404, SourceError.Missing)]
    [InlineData(410, SourceError.Missing)]
    [InlineData(401, SourceError.Refused)]
    [InlineData(403, SourceError.Refused)]
    [InlineData(503, SourceError.Refused)]
    [InlineData(500, SourceError.Unreachable)]
    [InlineData(301, SourceError.Unreachable)]
    [InlineData(206, SourceError.Unreachable)]
    [InlineData(202, SourceError.Unreachable)] // nobody asked it to fetch
    public async Task Get_EachStatus_HasItsError(int status, SourceError error)
    {
        await using ScriptedHttpServer server = new(request => request.RespondAsync(status));
        using PeerLanes lanes = Open(server);
        Assert.Equal(error, (await GetAsync(lanes)).Error);
    }

    [Theory]
    [InlineData(8.5, SourceError.None)] // 1 s and 2 MiB at 256 KiB/s: past what the expected length would have had
    [InlineData(9.5, SourceError.TimedOut)]
    public async Task Get_TheBodyIsLongerThanExpected_HasTheTimeOfItsOwnLength(double seconds, SourceError error)
    {
        FakeTimeProvider time = new();
        TaskCompletionSource gate = new(TaskCreationOptions.RunContinuationsAsynchronously);
        byte[] document = new byte[2 << 20];
        await using ScriptedHttpServer server = new(async request =>
        {
            await request.HeadThenAsync("HTTP/1.1 200 OK", [$"Content-Length: {document.Length}"], document.AsMemory(0, 1000));
            await gate.Task;
            await request.RawAsync(document.AsMemory(1000));
        });
        using PeerLanes lanes = Open(server, Options with { Silence = TimeSpan.FromSeconds(20) }, time);
        BodyBuffer body = BodyBuffer.UpTo(document.Length, time);
        Task<PeerAnswer> ask = lanes.GetAsync(new PeerAsk("/x", Expected: 32 * 1024), body, TimeSpan.FromSeconds(4), TestContext.Current.CancellationToken).AsTask();
        await Eventually.IsSoAsync(() => body.HasBegun);
        time.Advance(TimeSpan.FromSeconds(seconds));
        gate.SetResult();
        Assert.Equal(error, (await ask.WaitAsync(Eventually.Limit, TestContext.Current.CancellationToken)).Error);
    }

    [Fact]
    public async Task Get_NobodyListens_IsUnreachable()
    {
        ScriptedHttpServer server = new(request => request.RespondAsync(404));
        using PeerLanes lanes = Open(server);
        await server.DisposeAsync();
        Assert.Equal(SourceError.Unreachable, (await GetAsync(lanes)).Error);
    }

    [Fact]
    public async Task Get_CancelledByTheAsker_IsCancelled()
    {
        await using ScriptedHttpServer server = new(async request => await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, request.Stopping));
        using PeerLanes lanes = Open(server, Options with { Silence = TimeSpan.FromSeconds(20) });
        using var cancel = new CancellationTokenSource();
        Task<PeerAnswer> ask = GetAsync(lanes, cancellationToken: cancel.Token);
        await Eventually.IsSoAsync(() => server.Requests.Count == 1);
        await cancel.CancelAsync();
        Assert.Equal(SourceError.Cancelled, (await ask.WaitAsync(Eventually.Limit, TestContext.Current.CancellationToken)).Error);
    }

    [Fact]
    public async Task Get_OneAfterAnother_UsesOneConnection()
    {
        await using ScriptedHttpServer server = new(request => request.RespondAsync(200, "abc"u8.ToArray()));
        using PeerLanes lanes = Open(server);
        for (int i = 0; i < 5; i++) Assert.Equal(SourceError.None, (await GetAsync(lanes)).Error);
        Assert.Equal(1, server.Connections);
    }

    [Fact]
    public async Task Get_WithAHelloWanted_AnAnswerWithoutOneIsRefused()
    {
        await using ScriptedHttpServer server = new(request => request.RespondAsync(200, "{}"u8.ToArray()));
        using PeerLanes lanes = Open(server);
        Assert.Equal(SourceError.Refused, (await GetAsync(lanes, new PeerAsk("/peers", WithHello: true))).Error);
    }

    private static PeerLanes Open(ScriptedHttpServer server, PeerOptions? options = null, TimeProvider? time = null) => new(
        new IPEndPoint(IPAddress.Loopback, new Uri(server.Url).Port), new PeerIdentity(TestMembers.Id(1), () => TestMembers.Hello(1), null), options ?? Options,
        new Patience((options ?? Options).Silence, time ?? TimeProvider.System), time ?? TimeProvider.System);

    private static Task<PeerAnswer> GetAsync(PeerLanes lanes, PeerAsk? ask = null, TimeSpan? limit = null, CancellationToken cancellationToken = default) =>
        lanes.GetAsync(ask ?? new PeerAsk("/x"), BodyBuffer.UpTo(1000, TimeProvider.System), limit ?? TimeSpan.FromSeconds(25), cancellationToken).AsTask();
}
