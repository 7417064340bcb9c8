using OsCircular.Agent.Serving;
using OsCircular.Blocks;
using OsCircular.Peers;
using OsCircular.Sources;
using OsCircular.TestKit;
using OsCircular.TestKit.Sources;

namespace OsCircular.Tests.Peers.Groups;

/// <summary>What nobody holds: one home fetches it for all.</summary>
public sealed class GroupHomeTests
{
    // Nobody hears of a change within a test.
    private static readonly HostPlan Unhearing = new() { Options = HostPlan.QuickLooks with { PollActive = TimeSpan.FromMinutes(1), PollIdle = TimeSpan.FromMinutes(1) } };

    [Fact]
    public async Task Fetch_AllHostsAskAtOnce_TheMirrorIsAskedOnce()
    {
        await using TestGroup group = await TestGroup.StartAsync(new(), new(), new(), new(), new());
        group.Mirror.Gate = FakeBlockSource.Closed();
        byte[][] blocks = [.. group.Hosts.Select(home => group.BlockOf(home))];
        Task[] reads = [.. blocks.SelectMany(block => group.Hosts.Select(host => host.ReadAsync(block)))];
        await Eventually.IsSoAsync(() => group.Mirror.Calls == blocks.Length);
        group.Mirror.Gate.SetResult();
        await Task.WhenAll(reads);
        Assert.Equal(blocks.Length, group.Mirror.Calls);
        Assert.All(group.Hosts, host => Assert.Equal(1, host.Line.Calls));
        Assert.All(group.Hosts, host => Assert.All(blocks, block => Assert.True(host.Holds(block))));
    }

    [Fact]
    public async Task Fetch_TheHomesMirrorIsSlow_IsWaitedForAndNotAskedTwice()
    {
        await using TestGroup group = await TestGroup.StartAsync(new(), new());
        (GroupHost asker, GroupHost home) = (group.Hosts[0], group.Hosts[1]);
        group.Mirror.Gate = FakeBlockSource.Closed();
        Task read = asker.ReadAsync(group.BlockOf(home), FetchClass.Profile);
        await Eventually.IsSoAsync(() => home.Server.Status().Answers[PeerAnswer.Working] >= 3);
        Assert.Equal(1, group.Mirror.Calls);
        group.Mirror.Gate.SetResult();
        await read;
        Assert.Equal(1, group.Mirror.Calls);
        Assert.Equal(0, asker.Line.Calls);
    }

    // A limit of eight seconds: a search among peers that hang would be over after two.
    [Fact]
    public async Task Fetch_TheHomeWorksWithinItsEstimate_HasMoreThanAQuarterOfTheTime()
    {
        await using TestGroup group = await TestGroup.StartAsync(new HostPlan());
        GroupHost asker = group.Hosts[0];
        long begun = TimeProvider.System.GetTimestamp();
        byte[]? block = null;
        await using ScriptedPeer home = new(
            async request =>
            {
                await Task.Delay(TimeSpan.FromMilliseconds(100), TimeProvider.System, request.Stopping);
                bool ready = TimeProvider.System.GetElapsedTime(begun) > TimeSpan.FromSeconds(2.7);
                await request.RespondAsync(ready ? 200 : 202, ready ? block : null, $"{PeerHeaders.Estimate}: 5000");
            },
            fetches: true);
        await home.JoinAsync(asker);
        block = home.BlockOf(group, asker);
        begun = TimeProvider.System.GetTimestamp();
        Assert.True((await asker.FetchAsync(block, limit: TimeSpan.FromSeconds(8))).Succeeded);
        Assert.Equal(0, asker.Line.Calls);
        Assert.Equal(0, asker.Hedges);
    }

    [Fact]
    public async Task Fetch_TheHomeHangs_HasAQuarterOfTheTime()
    {
        await using TestGroup group = await TestGroup.StartAsync(new HostPlan { Options = HostPlan.QuickLooks with { Silence = TimeSpan.FromSeconds(30) } });
        GroupHost asker = group.Hosts[0];
        await using ScriptedPeer home = new(ScriptedPeer.HangAsync, fetches: true);
        await home.JoinAsync(asker);
        long begun = TimeProvider.System.GetTimestamp();
        Assert.True((await asker.FetchAsync(home.BlockOf(group, asker), limit: TimeSpan.FromSeconds(8))).Succeeded);
        Assert.InRange(TimeProvider.System.GetElapsedTime(begun).TotalSeconds, 1.9, 7);
    }

    [Fact]
    public async Task Fetch_TheHomeWasSilentOnce_IsNotAskedForTheNext()
    {
        await using TestGroup group = await TestGroup.StartAsync(new HostPlan { Options = HostPlan.QuickLooks with { Silence = TimeSpan.FromMilliseconds(200) } });
        GroupHost asker = group.Hosts[0];
        await using ScriptedPeer home = new(ScriptedPeer.HangAsync, fetches: true);
        await home.JoinAsync(asker);
        byte[][] blocks = [home.BlockOf(group, asker), home.BlockOf(group, asker), home.BlockOf(group, asker)];
        foreach (byte[] block in blocks) Assert.True((await asker.FetchAsync(block)).Succeeded);
        Assert.Single(home.Asked);
        Assert.Equal(blocks.Length, asker.Line.Calls);
    }

    [Fact]
    public async Task Fetch_AHomeWasLeft_IsNotWaitedForAgainBeforeTheMirror()
    {
        await using TestGroup group = await TestGroup.StartAsync(new HostPlan());
        GroupHost asker = group.Hosts[0];
        await using ScriptedPeer home = new(request => request.RespondAsync(202, null, $"{PeerHeaders.Estimate}: 0"), fetches: true);
        await home.JoinAsync(asker);
        await asker.ReadAsync(home.BlockOf(group, asker));
        Assert.Equal(1, asker.Line.Calls);
        Assert.Equal(1, asker.Hedges);
        Assert.NotEmpty(home.Asked);
        Assert.All(home.Asked, request => Assert.Equal(PeerHeaders.FetchAsHome, request.Headers[PeerHeaders.Fetch]));
    }

    [Fact]
    public async Task Status_AHomeGotItFromAHolderForAnother_CountsItAsFromPeers()
    {
        await using TestGroup group = await TestGroup.StartAsync(new(), new());
        (GroupHost home, GroupHost holder) = (group.Hosts[0], group.Hosts[1]);
        byte[] block = group.BlockOf(home);
        holder.Cache.Store(block);
        await home.SeesAsync(holder);
        HomeAnswer answer = await home.Service.FetchAsync(
            BlockName.Of(block), block.Length, FetchClass.Reader, joinOnly: false, new byte[block.Length], TestContext.Current.CancellationToken);
        Assert.Equal(HomeAnswerKind.Given, answer.Kind);
        Assert.Equal(1, home.Service.Status.Blocks);
        Assert.Equal(block.Length, home.Service.Status.Bytes);
        Assert.Equal(0, home.Line.Calls);
    }

    [Fact]
    public async Task Fetch_AReaderJoinsWhatAHomeFetchesForFilling_IsRaisedThere()
    {
        await using TestGroup group = await TestGroup.StartAsync(new(), new());
        (GroupHost asker, GroupHost home) = (group.Hosts[0], group.Hosts[1]);
        group.Mirror.Gate = FakeBlockSource.Closed();
        byte[] block = group.BlockOf(home);
        Task fill = asker.ReadAsync(block, FetchClass.Fill);
        await Eventually.IsSoAsync(() => group.Mirror.Calls == 1);
        Assert.Equal(FetchClass.Fill, group.Mirror.Requests[0].Class);
        Task reader = asker.ReadAsync(block);
        await Eventually.IsSoAsync(() => group.Mirror.Requests[0].Class == FetchClass.Reader);
        group.Mirror.Gate.SetResult();
        await Task.WhenAll(fill, reader);
        Assert.Equal(1, group.Mirror.Calls);
    }

    [Fact]
    public async Task Fetch_TheHomeDiesWhileItFetches_TheSecondRankedDoesIt()
    {
        await using TestGroup group = await TestGroup.StartAsync(new(), new(), new());
        (GroupHost asker, GroupHost home, GroupHost second) = (group.Hosts[0], group.Hosts[1], group.Hosts[2]);
        group.Mirror.Gate = FakeBlockSource.Closed();
        Task[] reads = [.. Enumerable.Range(0, 4).Select(_ => group.BlockOf(home, second)).Select(block => asker.ReadAsync(block))];
        await Eventually.IsSoAsync(() => home.Line.Calls == 4);
        await home.KillAsync();
        await Eventually.IsSoAsync(() => second.Line.Calls == 4);
        group.Mirror.Gate.SetResult();
        await Task.WhenAll(reads);
        Assert.Equal(8, group.Mirror.Calls);
        Assert.Equal(0, asker.Line.Calls);
    }

    [Fact]
    public async Task Fetch_OnlyAnotherHasAMirror_ItFetchesForThisOne()
    {
        await using TestGroup group = await TestGroup.StartAsync(new() { HasMirror = false }, new(), new() { HasMirror = false });
        byte[] block = group.BlockOf(group.Hosts[1]);
        await group.Hosts[0].ReadAsync(block);
        await group.Hosts[2].ReadAsync(block);
        Assert.Equal(1, group.Mirror.Calls);
        Assert.Equal(block.Length, group.Hosts[1].Service.Status.FetchedForOthers);
    }

    [Fact]
    public async Task Fetch_TheMirrorHasItNot_IsMissingWithoutAskingEverybody()
    {
        await using TestGroup group = await TestGroup.StartAsync(new(), new(), new(), new());
        Assert.Equal(SourceError.Missing, (await group.Hosts[0].FetchAsync(group.BlockOfNobody())).Error);
        Assert.InRange(group.Mirror.Calls, 1, 3);
    }

    [Fact]
    public async Task Fetch_NobodyHasAMirror_FailsAtOnce()
    {
        await using TestGroup group = await TestGroup.StartAsync(new() { HasMirror = false }, new() { HasMirror = false });
        Assert.Equal(SourceError.Unreachable, (await group.Hosts[0].FetchAsync(group.BlockOfNobody())).Error);
    }

    [Fact]
    public async Task Fetch_EachTakesTheOtherForTheHome_NobodyWaitsInACircle()
    {
        await using TestGroup group = await TestGroup.StartAsync(Unhearing, Unhearing);
        (GroupHost first, GroupHost second) = (group.Hosts[0], group.Hosts[1]);
        byte[][] blocks = [.. Enumerable.Range(0, 6).Select(i => group.BlockOf(group.Hosts[i % 2]))];
        first.Standing = first.Standing with { Fetches = false };
        second.Standing = second.Standing with { Fetches = false };
        await Task.WhenAll(blocks.SelectMany(block => group.Hosts.Select(host => host.ReadAsync(block)))).WaitAsync(TimeSpan.FromSeconds(20), TestContext.Current.CancellationToken);
        Assert.InRange(group.Mirror.Calls, blocks.Length, 2 * blocks.Length);
    }

    [Fact]
    public async Task Fetch_TheAskersHomeTakesAnotherForIt_FetchesItAllTheSameAndOnce()
    {
        await using TestGroup group = await TestGroup.StartAsync(Unhearing, Unhearing);
        (GroupHost asker, GroupHost home) = (group.Hosts[0], group.Hosts[1]);
        byte[] block = group.BlockOf(asker, home);
        asker.Standing = asker.Standing with { Fetches = false };
        await Task.WhenAll(asker.ReadAsync(block), home.ReadAsync(block)).WaitAsync(TimeSpan.FromSeconds(20), TestContext.Current.CancellationToken);
        Assert.Equal(1, home.Line.Calls);
        Assert.Equal(1, group.Mirror.Calls);
    }

    [Fact]
    public async Task Fetch_ADocument_ComesThroughTheHomeAndFromItsCacheAfterwards()
    {
        await using TestGroup group = await TestGroup.StartAsync(new() { HasMirror = false }, new(), new() { HasMirror = false });
        DocumentName name = group.Documents.Add(DocumentKind.IndexPage, TestBlocks.Make(1, 20_000));
        foreach (GroupHost host in group.Hosts) Assert.True((await host.FetchAsync(name)).Succeeded);
        Assert.Equal(1, group.Documents.Calls);
    }

    [Fact]
    public async Task Heads_AMemberHasANewerOne_IsToldAndGiven()
    {
        await using TestGroup group = await TestGroup.StartAsync(new HostPlan());
        GroupHost behind = group.Hosts[0];
        TaskCompletionSource told = new(TaskCreationOptions.RunContinuationsAsynchronously);
        behind.Service.NewerHead += () => told.TrySetResult();
        GroupHost ahead = await group.AddAsync(new HostPlan { Sequence = 2 });
        await File.WriteAllTextAsync(Path.Combine(ahead.Cache.Path, "head.minisig"), "a head", TestContext.Current.CancellationToken);

        await told.Task.WaitAsync(Eventually.Limit, TestContext.Current.CancellationToken);
        IHeadSource source = Assert.Single(behind.Service.Heads.Now);
        FetchedHead head = await source.FetchHeadAsync(Deadline.In(TimeSpan.FromSeconds(10), TimeProvider.System), TestContext.Current.CancellationToken);
        Assert.Equal("a head"u8.ToArray(), head.Bytes.ToArray());
        await group.KnowEachOtherAsync();
        Assert.Empty(ahead.Service.Heads.Now);
    }
}
