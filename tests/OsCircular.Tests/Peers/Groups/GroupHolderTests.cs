using OsCircular.Blocks;
using OsCircular.Peers;
using OsCircular.Peers.Access;
using OsCircular.Peers.Choice;
using OsCircular.Sources;
using OsCircular.TestKit;
using OsCircular.TestKit.Mirrors;
using OsCircular.TestKit.Sources;

namespace OsCircular.Tests.Peers.Groups;

/// <summary>What others hold, or say that they hold.</summary>
public sealed class GroupHolderTests
{
    private static readonly GroupKey Key = GroupKey.Of("0123456789abcdef"u8, "key");

    // A hedge is then told from a peer given up.
    private static readonly HostPlan Patient = new() { Options = HostPlan.QuickLooks with { Silence = TimeSpan.FromSeconds(30) } };

    [Fact]
    public async Task Fetch_AHolderIsKnown_IsAskedBeforeTheHome()
    {
        await using TestGroup group = await TestGroup.StartAsync(new(), new(), new());
        (GroupHost asker, GroupHost home, GroupHost holder) = (group.Hosts[0], group.Hosts[1], group.Hosts[2]);
        byte[] block = group.BlockOf(home);
        holder.Cache.Store(block);
        await asker.SeesAsync(holder);
        await asker.ReadAsync(block);
        Assert.Equal(0, group.Mirror.Calls);
        Assert.Equal(block.Length, asker.Of(holder)!.BytesReceived);
        Assert.Equal(0, asker.Of(home)!.Requests);
        await Eventually.IsSoAsync(() => holder.Of(asker)!.BytesSent == block.Length);
        Assert.True(asker.Holds(block));
        Assert.Equal(1, asker.Service.Status.Blocks);
    }

    [Fact]
    public async Task Fetch_TheHolderHasEvictedIt_GoesOnAndHoldsItAgainstNobody()
    {
        await using TestGroup group = await TestGroup.StartAsync(new(), new() { HasMirror = false });
        (GroupHost asker, GroupHost holder) = (group.Hosts[0], group.Hosts[1]);
        byte[] block = group.BlockOf(asker);
        File.Delete(holder.Cache.FileOf(holder.Cache.Store(block)));
        await asker.SeesAsync(holder);
        await asker.ReadAsync(block);
        Assert.Equal(1, asker.Line.Calls);

        // Once, though it was looked for as a reader and as the home.
        Assert.Equal(1, asker.Of(holder)!.Requests);
        Assert.Equal(PeerState.Alive, asker.Of(holder)!.State);
    }

    [Fact]
    public async Task Fetch_WrongBytesTwice_TheReaderGetsGoodOnesAndThePeerIsBannedForIt()
    {
        await using TestGroup group = await TestGroup.StartAsync(new HostPlan());
        GroupHost asker = group.Hosts[0];
        byte[] block = group.BlockOf(asker);
        await using ScriptedPeer liar = new(request => request.RespondAsync(200, TestBlocks.Make(1, block.Length)), fetches: false, block);
        await liar.JoinAsync(asker);
        await asker.ReadAsync(block);

        Assert.Equal(2, liar.Asked.Count);
        Assert.False(liar.Asked[0].Headers.ContainsKey("Cache-Control"));
        Assert.Equal("no-cache", liar.Asked[1].Headers["Cache-Control"]);
        PeerStatus status = asker.Of(liar.Id)!;
        Assert.Equal(PeerState.Banned, status.State);
        Assert.Contains(BlockName.Of(block).ToString(), status.Why, StringComparison.Ordinal);
        Assert.Contains(asker.Log.Lines, line => line.StartsWith("Warning", StringComparison.Ordinal) && line.Contains("is banned", StringComparison.Ordinal));
        Assert.False(asker.Service.Serves(liar.Id, liar.Address.Address));
    }

    [Fact]
    public async Task Fetch_WrongBytesOnce_IsForgivenWhereItsOwnFileIsGood()
    {
        await using TestGroup group = await TestGroup.StartAsync(new HostPlan());
        GroupHost asker = group.Hosts[0];
        byte[] block = group.BlockOf(asker);
        await using ScriptedPeer peer = new(
            request => request.RespondAsync(200, request.Headers.ContainsKey("Cache-Control") ? block : TestBlocks.Make(1, block.Length)), fetches: false, block);
        await peer.JoinAsync(asker);
        await asker.ReadAsync(block);
        Assert.Equal(0, group.Mirror.Calls);
        Assert.Equal(PeerState.Alive, asker.Of(peer.Id)!.State);
    }

    [Fact]
    public async Task Fetch_AnotherLengthThanTheRowSays_IsHeldAgainstNobody()
    {
        await using TestGroup group = await TestGroup.StartAsync(new HostPlan());
        GroupHost asker = group.Hosts[0];
        byte[][] blocks = [.. Enumerable.Range(0, 6).Select(_ => group.BlockOf(asker))];
        await using ScriptedPeer peer = new(request => request.RespondAsync(200, new byte[blocks[0].Length + 1]), fetches: false, blocks);
        await peer.JoinAsync(asker);
        foreach (byte[] block in blocks) await asker.ReadAsync(block);

        // Each was asked for twice, for it might have been torn.
        Assert.Equal(2 * blocks.Length, peer.Asked.Count);
        Assert.Equal(PeerState.Alive, asker.Of(peer.Id)!.State);
        Assert.Equal(0, asker.Of(peer.Id)!.Bans);
    }

    [Fact]
    public async Task Fetch_ATornFile_IsAskedForOnceMoreWhenThePeerHasCheckedIt()
    {
        await using TestGroup group = await TestGroup.StartAsync(new HostPlan());
        GroupHost asker = group.Hosts[0];
        byte[] block = group.BlockOf(asker);
        await using ScriptedPeer peer = new(
            request => request.RespondAsync(200, request.Headers.ContainsKey("Cache-Control") ? block : block[..100]), fetches: false, block);
        await peer.JoinAsync(asker);
        await asker.ReadAsync(block);
        Assert.Equal(0, group.Mirror.Calls);
    }

    [Fact]
    public async Task Fetch_APeerClaimsEverything_IsPassedOverAfterAFewRequests()
    {
        await using TestGroup group = await TestGroup.StartAsync(new HostPlan());
        GroupHost asker = group.Hosts[0];
        byte[][] blocks = [.. Enumerable.Range(0, 40).Select(_ => group.BlockOf(asker))];
        await using ScriptedPeer braggart = new(request => request.RespondAsync(404), fetches: false, blocks);
        await braggart.JoinAsync(asker);
        foreach (byte[] block in blocks) await asker.ReadAsync(block);
        Assert.Equal(SummaryTrust.MostBroken, braggart.Asked.Count);
        Assert.Contains("summary", asker.Of(braggart.Id)!.Why, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Fetch_APeerHangs_TheReaderGoesOnWithoutIt()
    {
        await using TestGroup group = await TestGroup.StartAsync(Patient);
        GroupHost asker = group.Hosts[0];
        byte[] block = group.BlockOf(asker);
        await using ScriptedPeer hanging = new(ScriptedPeer.HangAsync, fetches: false, block);
        await hanging.JoinAsync(asker);
        await asker.ReadAsync(block).WaitAsync(TimeSpan.FromSeconds(10), TestContext.Current.CancellationToken);
        Assert.Single(hanging.Asked);
        Assert.Equal(1, asker.Hedges);
    }

    [Fact]
    public async Task Fetch_APeerHangsEachTime_RestsAfterTwo()
    {
        await using TestGroup group = await TestGroup.StartAsync(Patient with { Options = Patient.Options with { MinHedgeDelay = TimeSpan.FromMilliseconds(10) } });
        GroupHost asker = group.Hosts[0];
        byte[][] blocks = [.. Enumerable.Range(0, 6).Select(_ => group.BlockOf(asker))];
        await using ScriptedPeer hanging = new(ScriptedPeer.HangAsync, fetches: false, blocks);
        await hanging.JoinAsync(asker);
        foreach (byte[] block in blocks[..2]) await asker.ReadAsync(block);

        // The attempt that lost is counted after the one that won has been given.
        await Eventually.IsSoAsync(() => asker.Of(hanging.Id)!.State == PeerState.Resting);
        foreach (byte[] block in blocks[2..]) await asker.ReadAsync(block);

        // One more where this machine is so busy that the rest of two seconds is over before the reads are.
        Assert.InRange(hanging.Asked.Count, 2, 3);
        Assert.InRange(asker.Hedges, 2, 3);
    }

    [Fact]
    public async Task Fetch_ManyLateAnswers_DrawOnASmallBudget()
    {
        await using TestGroup group = await TestGroup.StartAsync(new HostPlan { Options = HostPlan.QuickLooks with { MinHedgeDelay = TimeSpan.FromMilliseconds(10) } });
        GroupHost asker = group.Hosts[0];
        byte[][] blocks = [.. Enumerable.Range(0, 14).Select(_ => group.BlockOf(asker))];
        await using ScriptedPeer hanging = new(ScriptedPeer.HangAsync, fetches: false, blocks);
        await hanging.JoinAsync(asker);
        await Task.WhenAll(blocks.Select(block => asker.ReadAsync(block)));
        Assert.InRange(asker.Hedges, 1, 5);
    }

    [Fact]
    public async Task Fetch_HundredsOfWhichAThirdAreLate_DrawOnTwoPerCent()
    {
        const int count = 300;
        HostPlan plan = new() { Options = HostPlan.QuickLooks with { MinHedgeDelay = TimeSpan.FromMilliseconds(10), Silence = TimeSpan.FromMilliseconds(400) } };
        await using TestGroup group = await TestGroup.StartAsync(plan);
        GroupHost asker = group.Hosts[0];
        byte[][] blocks = [.. Enumerable.Range(0, count).Select(_ => group.BlockOf(asker))];
        Dictionary<string, byte[]> held = blocks.ToDictionary(block => RepositoryPaths.Block(BlockName.Of(block)));
        int asked = 0;
        await using ScriptedPeer holder = new(
            request => Interlocked.Increment(ref asked) % 3 == 0 ? ScriptedPeer.HangAsync(request) : request.RespondAsync(200, held[request.Path]), fetches: false, blocks);
        await holder.JoinAsync(asker);
        await Parallel.ForEachAsync(blocks, new ParallelOptions { MaxDegreeOfParallelism = 8 }, async (block, _) => await asker.ReadAsync(block));

        // Five to begin with, and two for each hundred questions asked of holders; each block is looked for twice at most, as reader and as home. A holder that
        // rests is not asked, and on a busy machine it rests long: then there is less to be late.
        Assert.InRange(asker.Hedges, 1, 5 + (0.02 * 2 * count));
    }

    [Fact]
    public async Task Fetch_ALateHolderAndAnother_TheFirstNoLongerWritesToTheLentBuffer()
    {
        await using TestGroup group = await TestGroup.StartAsync(Patient with { HasMirror = false });
        GroupHost asker = group.Hosts[0];
        byte[] block = group.BlockOfNobody();
        TaskCompletionSource hedged = new(TaskCreationOptions.RunContinuationsAsynchronously);
        int asked = 0;
        async Task AnswerAsync(ScriptedRequest request)
        {
            if (Interlocked.Increment(ref asked) > 1)
            {
                await request.RespondAsync(200, block);
                return;
            }

            await request.HeadThenAsync("HTTP/1.1 200 OK", [$"Content-Length: {block.Length}"], block.AsMemory(0, 1000));
            await hedged.Task;
            await request.RawAsync(block.AsMemory(1000));
        }

        await using ScriptedPeer one = new(AnswerAsync, fetches: false, block);
        await using ScriptedPeer other = new(AnswerAsync, fetches: false, block);
        await one.JoinAsync(asker);
        await other.JoinAsync(asker);
        byte[] buffer = new byte[block.Length];
        Assert.True((await asker.Service.Blocks.FetchAsync(TestBlocks.Request(block), buffer, TestContext.Current.CancellationToken)).Succeeded);
        Assert.Equal(block, buffer);
        buffer.AsSpan().Fill(0x5A);
        hedged.SetResult();
        for (int i = 0; i < 20; i++) await asker.Service.Blocks.FetchAsync(TestBlocks.Request(block), new byte[block.Length], TestContext.Current.CancellationToken);
        Assert.False(buffer.AsSpan().ContainsAnyExcept((byte)0x5A));
    }

    [Theory]
    [InlineData(202)]
    [InlineData(500)]
    [InlineData(503)]
    [InlineData(301)]
    public async Task Fetch_AHolderAnswersOddly_TheReaderGetsItElsewhere(int status)
    {
        await using TestGroup group = await TestGroup.StartAsync(new HostPlan());
        GroupHost asker = group.Hosts[0];
        byte[] block = group.BlockOf(asker);
        await using ScriptedPeer odd = new(request => request.RespondAsync(status, null, $"{PeerHeaders.Estimate}: 5", "Location: http://127.0.0.1:1/"), fetches: false, block);
        await odd.JoinAsync(asker);
        await asker.ReadAsync(block);
        Assert.Equal(1, asker.Line.Calls);
    }

    [Fact]
    public async Task Fetch_AHomeSaysWorkingAtOnceAndForEver_IsAskedWithPauses()
    {
        await using TestGroup group = await TestGroup.StartAsync(new HostPlan());
        GroupHost asker = group.Hosts[0];
        await using ScriptedPeer idle = new(request => request.RespondAsync(202, null, $"{PeerHeaders.Estimate}: 0"), fetches: true);
        await idle.JoinAsync(asker);
        byte[][] blocks = [.. Enumerable.Range(0, 4).Select(_ => group.BlockOf(asker))];
        long begun = TimeProvider.System.GetTimestamp();
        await Task.WhenAll(blocks.Select(block => asker.ReadAsync(block)));

        // Each is its own home or the idler's: the latter costs ten requests a second at most.
        double seconds = TimeProvider.System.GetElapsedTime(begun).TotalSeconds;
        Assert.InRange(idle.Asked.Count, 0, blocks.Length * (2 + (seconds * 10)));
        Assert.Equal(blocks.Length, asker.Line.Calls);
    }

    [Fact]
    public async Task Groups_WithAnotherKey_DoNotKnowEachOther()
    {
        await using TestGroup group = new();
        GroupHost one = await group.AddAsync(new HostPlan { Key = Key });
        GroupHost other = await group.AddAsync(new HostPlan { Key = GroupKey.Of("another key that is long enough"u8, "key") });
        byte[] block = group.BlockOf(one);
        one.Cache.Store(block);
        await Eventually.IsSoAsync(() => one.Server.Status().Refusals.Values.Sum() > 1);
        Assert.Empty(one.Service.Status.Peers);
        Assert.Empty(other.Service.Status.Peers);
        await other.ReadAsync(block);
        Assert.Equal(1, other.Line.Calls);
    }

    [Fact]
    public async Task Groups_WithOneKey_ShareBlocks()
    {
        await using TestGroup group = await TestGroup.StartAsync(new() { Key = Key }, new() { Key = Key }, new() { Key = Key, HasMirror = false });
        byte[] block = group.BlockOf(group.Hosts[1]);
        foreach (GroupHost host in group.Hosts) await host.ReadAsync(block);
        Assert.Equal(1, group.Mirror.Calls);
    }

    [Fact]
    public async Task Duplicates_TwoFetchedTheSameFromTheMirror_AreCountedByBoth()
    {
        await using TestGroup group = await TestGroup.StartAsync(new(), new());
        byte[] first = group.BlockOf(group.Hosts[0]);
        foreach (GroupHost host in group.Hosts) host.Cache.Store(first);
        foreach (GroupHost host in group.Hosts) await host.SeesAsync(group.Hosts.Single(other => other != host));
        byte[] second = group.BlockOf(group.Hosts[0]);
        foreach (GroupHost host in group.Hosts) host.Cache.Store(second);
        await Eventually.IsSoAsync(() => group.Hosts.All(host => host.Service.Status.Duplicates >= 1));
    }

    [Fact]
    public async Task Members_OneGoes_IsSilentAndNotWaitedFor()
    {
        await using TestGroup group = await TestGroup.StartAsync(new(), new());
        (GroupHost one, GroupHost other) = (group.Hosts[0], group.Hosts[1]);
        await other.KillAsync();
        await Eventually.IsSoAsync(() => one.Of(other)!.State == PeerState.Silent);
        byte[] block = group.BlockOf(other);
        await one.ReadAsync(block);
        Assert.Equal(1, one.Line.Calls);
    }
}
