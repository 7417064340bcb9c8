using OsCircular.SystemTests.TestKit;
using OsCircular.TestKit.Labs;

namespace OsCircular.SystemTests.Peers;

/// <summary>What peers are for: the uplink carries the image once.</summary>
[Collection(LabCollection.Name)]
public sealed class TogetherTests
{
    [Fact(Timeout = 120_000)]
    public async Task EightAgents_StartedTogether_HaveEachBlockFetchedOnce()
    {
        await using LabGroup group = await LabGroup.CreateAsync(8, blocks: 256);
        long once = await group.CurlBytesAsync();
        int before = (await group.Mirror.BlocksGivenAsync(group.Blocks)).Length;
        long uplink = await group.Lab.UplinkBytesAsync();

        // Greetings settle in 300 ms on hosts with a processor each; here eight start on two, so reading begins when they have met.
        LabAgent[] agents = await Task.WhenAll(Enumerable.Range(1, 8).Select(host => group.StartAsync(host)));
        foreach (LabAgent agent in agents)
            foreach (LabHost host in group.Lab.Hosts) if (host != agent.Host) await LabGroup.WaitUntilSeenAsync(agent, host);
        await group.AssertAllReadAsync(agents);

        uplink = await group.Lab.UplinkBytesAsync() - uplink;
        int given = (await group.Mirror.BlocksGivenAsync(before + group.Blocks)).Length - before;
        Assert.InRange(given, group.Blocks, (int)(1.03 * group.Blocks));
        Assert.InRange(uplink, 0.9 * once, 1.05 * once);
    }

    [Fact(Timeout = 120_000)]
    public async Task HalfWithoutUplink_StartedTogether_AllReadAndOnlyTheOthersFetch()
    {
        await using LabGroup group = await LabGroup.CreateAsync(4);
        LabAgent[] agents = await Task.WhenAll(group.StartAsync(1), group.StartAsync(2), group.StartWithoutMirrorAsync(3), group.StartWithoutMirrorAsync(4));
        await group.AssertAllReadAsync(agents);

        await group.AssertFetchedOnceAsync(readers: 4);
        Assert.All(group.Mirror.BlocksGiven(), given => Assert.Contains(given.Asker, group.Lab.Hosts.Take(2).Select(host => host.Address)));
        Assert.True(await agents[2].LoadsFromAsync("peers") > 0);
    }

    [Fact(Timeout = 120_000)]
    public async Task NoMirrorAtAll_WhatAMemberHolds_IsListedMountedAndRead()
    {
        await using LabGroup group = await LabGroup.CreateAsync(3);
        string held = Path.Combine(group.Small.Files, "held");
        LabAgent before = await group.StartAsync(1, group.Small, held, ["--mirror", group.Mirror.Url]);
        await Disk.AssertSameAsync(group.Small.Image, before.DiskOf("small"), 0, 32);
        await before.UnmountAsync();
        await group.Mirror.StopAsync();

        LabAgent holder = await group.StartAsync(1, group.Small, held, []);
        LabAgent[] agents = await Task.WhenAll(group.StartWithoutMirrorAsync(2), group.StartWithoutMirrorAsync(3));
        foreach (LabAgent agent in agents)
        {
            Assert.Contains("small", (await OsCircular.TestKit.Programs.OsCircularProgram.RunAsync("list", "--cache", agent.Cache)).MustSucceed().Output, StringComparison.Ordinal);
            await Disk.AssertSameAsync(group.Small.Image, agent.DiskOf("small"), 0, 32);
        }

        // Block 61 is noise that nobody has read.
        await using var read = Disk.StartReading(agents[0].DiskOf("small"), 61);
        Assert.Contains("Input/output error", (await read.WaitForExitAsync(TimeSpan.FromSeconds(60))).Errors, StringComparison.Ordinal);
        await Disk.AssertSameAsync(group.Small.Image, holder.DiskOf("small"), 0, 32);
    }
}
