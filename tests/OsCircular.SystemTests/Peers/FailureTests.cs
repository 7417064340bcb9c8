using System.Net;
using OsCircular.SystemTests.TestKit;
using OsCircular.TestKit;
using OsCircular.TestKit.Labs;
using OsCircular.TestKit.Programs;

namespace OsCircular.SystemTests.Peers;

/// <summary>Members and lines that fail while others wait for them.</summary>
[Collection(LabCollection.Name)]
public sealed class FailureTests
{
    [Fact(Timeout = 120_000)]
    public async Task HomeKilled_WhileAllWaitForIt_TheOthersFinish()
    {
        // 12 MB over 20 Mbit/s: five seconds, in which everybody waits for every home.
        await using LabGroup group = await LabGroup.CreateAsync(8, blocks: 128, uplinkMbit: 20);
        LabAgent[] agents = await group.StartAllAsync(Enumerable.Range(1, 8));
        await LabGroup.WaitUntilMetAsync(agents);

        Dictionary<LabAgent, Task> reads = agents.ToDictionary(agent => agent, group.AssertReadsAllAsync);
        await Eventually.IsSoAsync(() => Task.FromResult(group.Mirror.BlocksGiven().Length >= 8), () => Task.FromResult("the mirror was not asked"));
        IPAddress home = group.Mirror.BlocksGiven()[^1].Asker;
        LabAgent killed = agents.Single(agent => agent.Host.Address.Equals(home));
        Assert.False(reads[killed].IsCompleted, "all was over before the home was killed");
        await killed.KillAsync();

        // Its own reader has lost its disk.
        await Assert.ThrowsAnyAsync<Exception>(() => reads[killed]);
        await Task.WhenAll(reads.Where(read => read.Key != killed).Select(read => read.Value));
        foreach (LabAgent agent in agents.Where(agent => agent != killed)) Assert.Equal(0, await agent.CountAsync("reads", "failed"));
    }

    [Fact(Timeout = 120_000)]
    public async Task UplinkCut_ImageSpreadOverTheGroup_EveryoneFinishes()
    {
        const int slice = 16;
        await using LabGroup group = await LabGroup.CreateAsync(4, blocks: 4 * slice);
        LabAgent[] agents = await group.StartAllAsync(1, 2, 3, 4);
        for (int part = 0; part < 4; part++) await Disk.AssertSameAsync(group.Small.Image, agents[part].DiskOf("small"), part * slice, slice);

        await group.Lab.CutUplinkAsync();
        await group.AssertAllReadAsync(agents);
    }

    [Fact(Timeout = 120_000)]
    public async Task LanSplitAndJoined_BothHalvesGoOnAndMeetAgain()
    {
        await using LabGroup group = await LabGroup.CreateAsync(4);
        LabAgent[] agents = await group.StartAllAsync(1, 2, 3, 4);
        await LabGroup.WaitUntilMetAsync(agents);
        // What the far half will live on while it is alone.
        await Disk.AssertSameAsync(group.Small.Image, agents[2].DiskOf("small"), 0, 32);

        await group.Lab.SplitAsync(3, 4);
        await Task.WhenAll(group.AssertReadsAllAsync(agents[0]), Disk.AssertSameAsync(group.Small.Image, agents[3].DiskOf("small"), 0, 32));
        await LabGroup.WaitUntilSeenAsync(agents[0], agents[2].Host, seen: false);
        await LabGroup.WaitUntilSeenAsync(agents[2], agents[0].Host, seen: false);

        await group.Lab.JoinAsync();
        await group.AssertAllReadAsync(agents);
        await LabGroup.WaitUntilMetAsync(agents);
    }

    [Theory(Timeout = 60_000)]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Member_KilledOrUnplugged_IsNoticed(bool unplugged)
    {
        await using LabGroup group = await LabGroup.CreateAsync(2);
        LabAgent[] agents = await group.StartAllAsync(1, 2);
        await LabGroup.WaitUntilMetAsync(agents);

        if (unplugged) await group.Lab.CutAsync(2);
        else await agents[1].KillAsync();
        await LabGroup.WaitUntilSeenAsync(agents[0], agents[1].Host, seen: false);
        await group.AssertReadsAllAsync(agents[0]);
    }

    [Theory(Timeout = 120_000)]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Member_GoneAndBack_IsMetAgainAndGives(bool unplugged)
    {
        await using LabGroup group = await LabGroup.CreateAsync(2);
        string kept = Path.Combine(group.Small.Files, "kept");
        LabAgent stays = await group.StartAsync(1), goes = await group.StartAsync(2, group.Small, kept, ["--mirror", group.Mirror.Url]);
        await LabGroup.WaitUntilMetAsync(stays, goes);
        await group.AssertReadsAllAsync(goes);
        int given = (await group.Mirror.BlocksGivenAsync(group.Blocks)).Length;

        if (unplugged) await group.Lab.CutAsync(2);
        else await goes.KillAsync();
        await LabGroup.WaitUntilSeenAsync(stays, goes.Host, seen: false);
        if (unplugged) await group.Lab.MendAsync(2);
        else goes = await group.StartAsync(2, group.Small, kept, ["--mirror", group.Mirror.Url]);
        await LabGroup.WaitUntilMetAsync(stays, goes);

        // It may be met at its other address, where its summary is still to be read.
        await Eventually.IsSoAsync(
            async () => (await stays.PeersAsync()).Peers.Any(peer => peer.IsOn(goes.Host) && peer is { State: "alive", Offers: > 0 }), async () => (await stays.PeersAsync()).Json);

        await group.AssertReadsAllAsync(stays);

        // Those whose home it is it has itself; the others come from who came back, and none over the uplink.
        Assert.True(await stays.LoadsFromAsync("peers") > 0);
        Assert.True(await stays.LoadsFromAsync("cache") > 0);
        Assert.Equal(given, group.Mirror.BlocksGiven().Length);
    }

    [Fact(Timeout = 60_000)]
    public async Task Member_Unmounted_SaysSo()
    {
        await using LabGroup group = await LabGroup.CreateAsync(2);
        LabAgent[] agents = await group.StartAllAsync(1, 2);
        await LabGroup.WaitUntilMetAsync(agents);
        ProcessResult end = await agents[1].UnmountAsync();
        Assert.Equal(0, end.ExitCode);
        await LabGroup.WaitUntilSeenAsync(agents[0], agents[1].Host, seen: false);
    }
}
