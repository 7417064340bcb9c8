using System.Net;
using Microsoft.Extensions.Time.Testing;
using OsCircular.Agent.Serving;
using OsCircular.Sources.Rates;
using OsCircular.Blocks;
using OsCircular.Peers;
using OsCircular.Sources;
using OsCircular.TestKit;
using OsCircular.TestKit.Peers;
using OsCircular.TestKit.Sources;
using static OsCircular.Tests.Agent.Serving.PeerServerRig;

namespace OsCircular.Tests.Agent.Serving;

public sealed class PeerServerLimitsTests
{
    // So large that neither side's socket buffers take it: it is under way as long as nobody reads.
    private const int Large = StoredBlock.MaxLength;

    [Fact]
    public async Task Get_PlacesTaken_IsRefusedAtOnceByClass()
    {
        await using PeerServerRig rig = await StartAsync(new PeerServerOptions { Uploads = 4 });
        string large = await AddLargeAsync(rig);
        await BeginAsync(rig, large, 2);
        Assert.Equal(503, await StatusAsync(rig, "fill"));
        Assert.Equal(200, await StatusAsync(rig, "profile"));

        await BeginAsync(rig, large, 3);
        Assert.Equal(503, await StatusAsync(rig, "profile"));
        Assert.Equal(200, await StatusAsync(rig, "reader"));

        await BeginAsync(rig, large, 4);
        RawAnswer refused = await rig.GetAsync(HeldPath);
        Assert.Equal((503, "1"), (refused.Status, refused.Header("Retry-After")));
        Assert.Null(refused.Header("ETag"));
        Assert.Equal(3, rig.Server.Status().Refusals[PeerRefusal.UploadsFull]);
    }

    [Fact]
    public async Task Ask_PlacesTaken_WhatCostsNoneIsAnswered()
    {
        await using PeerServerRig rig = await StartAsync(new PeerServerOptions { Uploads = 1 });
        await BeginAsync(rig, await AddLargeAsync(rig), 1);
        RawConnection connection = await rig.OpenAsync();
        RawAnswer head = await connection.AskAsync("HEAD", HeldPath);
        Assert.Equal(200, head.Status);
        Assert.Equal(304, (await connection.AskAsync("GET", HeldPath, ("If-None-Match", head.Header("ETag")!))).Status);
        Assert.Equal(404, (await connection.AskAsync("GET", AbsentPath)).Status);
        Assert.Equal(200, (await connection.AskAsync("GET", "/peers", (PeerHeaders.Hello, rig.Hello(1).ToString()))).Status);
        Assert.Equal(503, (await connection.AskAsync("GET", HeldPath)).Status);
        Assert.Equal(503, (await connection.AskAsync("GET", HeldPath, ("Cache-Control", "no-cache"))).Status);
        Assert.Empty(rig.Desk.Checked);
    }

    [Fact]
    public async Task Get_AskerGone_GivesItsPlaceBack()
    {
        await using PeerServerRig rig = await StartAsync(new PeerServerOptions { Uploads = 1 });
        string large = await AddLargeAsync(rig);
        using (RawConnection connection = await RawConnection.OpenAsync(IPAddress.Loopback, rig.Server.Port, 8192))
        {
            await connection.SendAsync("GET", large);
            await Eventually.IsSoAsync(() => rig.Server.Status().Uploads == 1);
        }

        await Eventually.IsSoAsync(() => rig.Server.Status() is { Uploads: 0 } status && status.Answers[PeerAnswer.Failed] == 1);
        Assert.Equal(200, (await rig.GetAsync(HeldPath)).Status);
    }

    [Fact]
    public async Task Get_AskerThatDoesNotRead_IsLetGo()
    {
        // Its shortest time of grace; the real clock, for the socket's side of it has no other.
        await using PeerServerRig rig = await StartAsync(new PeerServerOptions { SlowStart = TimeSpan.FromSeconds(2), MinClientRate = 1 << 20 });
        await BeginAsync(rig, await AddLargeAsync(rig), 1);
        await Eventually.IsSoAsync(() => rig.Server.Status() is { Uploads: 0, Connections: 0 });
        Assert.Equal(1, rig.Server.Status().Answers[PeerAnswer.Failed]);
        Assert.Empty(rig.Desk.SentTo);
    }

    [Fact]
    public async Task Get_OverTheRate_WaitsOrIsRefusedAtOnce()
    {
        // 90,000 bytes a second: saved up is a quarter of a second's worth, so the second block has to wait for 0.75 s.
        var time = new FakeTimeProvider();
        await using PeerServerRig rig = await StartAsync(new PeerServerOptions { UploadRate = new RateSchedule(90_000) }, time: time);
        Assert.Equal(200, (await rig.GetAsync(HeldPath)).Status);
        RawAnswer refused = await rig.GetAsync(HeldPath);
        Assert.Equal((503, "1"), (refused.Status, refused.Header("Retry-After")));

        time.Advance(TimeSpan.FromMilliseconds(600));
        Task<RawAnswer> waiting = rig.GetAsync(HeldPath);
        await Eventually.IsSoAsync(() => rig.Server.Status().Uploads == 1);
        Assert.False(waiting.IsCompleted);
        time.Advance(TimeSpan.FromMilliseconds(150));
        Assert.Equal(Held, (await waiting).Body);
        Assert.Equal(1, rig.Server.Status().Refusals[PeerRefusal.RateUsed]);
    }

    [Fact]
    public async Task Open_MoreConnectionsThanThereMayBe_AreClosed()
    {
        await using PeerServerRig rig = await StartAsync(new PeerServerOptions { MaxConnections = 3 });
        for (int i = 0; i < 3; i++) Assert.Equal(200, (await rig.GetAsync(HeldPath)).Status);
        RawConnection fourth = await rig.OpenAsync();
        Assert.True(await fourth.IsClosedAsync());
        Assert.Equal(3, rig.Server.Status().Connections);
    }

    [Theory]
    [InlineData(5000, 431)]
    [InlineData(20_000, 431)]
    public async Task Send_HugeHeader_IsRefused(int length, int status)
    {
        await using PeerServerRig rig = await StartAsync();
        Assert.Equal(status, (await rig.GetAsync(HeldPath, ("X-Much", new string('x', length)))).Status);
        Assert.Equal(200, (await rig.GetAsync(HeldPath)).Status);
    }

    [Fact]
    public async Task Send_ManyHeaders_IsRefused()
    {
        await using PeerServerRig rig = await StartAsync();
        Assert.Equal(431, (await rig.GetAsync(HeldPath, Enumerable.Range(0, 40).Select(i => ($"X-{i}", "1")))).Status);
    }

    [Fact]
    public async Task Send_HugeTarget_IsRefused()
    {
        await using PeerServerRig rig = await StartAsync();
        Assert.Equal(414, (await rig.GetAsync("/" + new string('a', 3000))).Status);
    }

    [Fact]
    public async Task Send_Body_IsNotTaken()
    {
        await using PeerServerRig rig = await StartAsync();
        RawConnection connection = await rig.OpenAsync();
        await connection.WriteAsync($"GET {HeldPath} HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\n{new string('x', 1000)}");
        Assert.True(await connection.IsClosedAsync());
    }

    [Fact]
    public async Task Fetch_MoreMemoryThanThereMayBe_IsRefused()
    {
        await using PeerServerRig rig = await StartAsync(new PeerServerOptions { FetchMemory = 4 << 20 });
        var release = new TaskCompletionSource();
        rig.Desk.FetchBlock = async (_, _, _) =>
        {
            await release.Task;
            return new HomeAnswer(HomeAnswerKind.Missing);
        };
        Task<RawAnswer> first = rig.FetchAsync(length: "4194304", headers: (PeerHeaders.Peer, Id(1).ToString()));
        await Eventually.IsSoAsync(() => rig.Server.Status().Fetches == 1);
        Assert.Equal(503, (await rig.FetchAsync(length: "1", headers: (PeerHeaders.Peer, Id(2).ToString()))).Status);
        release.SetResult();
        Assert.Equal(404, (await first).Status);
    }

    private static async Task<int> StatusAsync(PeerServerRig rig, string fetchClass)
    {
        int running = rig.Server.Status().Uploads;
        int status = (await rig.GetAsync(HeldPath, (PeerHeaders.Class, fetchClass))).Status;

        // The answer may be here before its place is given back.
        await Eventually.IsSoAsync(() => rig.Server.Status().Uploads == running);
        return status;
    }

    private static async Task<string> AddLargeAsync(PeerServerRig rig)
    {
        byte[] bytes = TestBlocks.Make(3, Large);
        string path = RepositoryPaths.Block(BlockName.Of(bytes));
        Directory.CreateDirectory(Path.GetDirectoryName(rig.Folder[path])!);
        await File.WriteAllBytesAsync(rig.Folder[path], bytes);
        return "/" + path;
    }

    /// <summary>Begins uploads that nobody reads, until so many run.</summary>
    private static async Task BeginAsync(PeerServerRig rig, string path, int running)
    {
        while (rig.Server.Status().Uploads < running)
        {
            int before = rig.Server.Status().Uploads;
            RawConnection connection = await rig.OpenAsync(receiveBuffer: 8192);
            await connection.SendAsync("GET", path);
            await Eventually.IsSoAsync(() => rig.Server.Status().Uploads == before + 1);
        }
    }
}
