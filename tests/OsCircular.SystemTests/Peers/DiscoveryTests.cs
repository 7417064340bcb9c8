using OsCircular.SystemTests.TestKit;
using OsCircular.TestKit;
using OsCircular.TestKit.Labs;
using OsCircular.TestKit.Programs;

namespace OsCircular.SystemTests.Peers;

/// <summary>Each way of finding members, alone.</summary>
[Collection(LabCollection.Name)]
public sealed class DiscoveryTests
{
    private const int TrackerPort = 6969;

    [Fact(Timeout = 60_000)]
    public async Task Multicast_IPv4Alone_FindsMembers()
    {
        await using LabGroup group = await LabGroup.CreateAsync(2, blocks: 16);
        await group.Lab.StopIpv6Async();
        await AssertMeetAsync(group, await group.StartAllAsync(1, 2));
    }

    [Fact(Timeout = 60_000)]
    public async Task Multicast_IPv6Alone_FindsMembersAndReads()
    {
        await using LabGroup group = await LabGroup.CreateAsync(2, blocks: 16);
        await group.Lab.StopIpv4Async();
        LabAgent holder = await group.StartWithoutMirrorAsync(1, "--mirror", group.Small.Repository.Folder);
        LabAgent other = await group.StartWithoutMirrorAsync(2);

        await Eventually.IsSoAsync(async () => (await other.PeersAsync()).Live.Any(), async () => (await other.PeersAsync()).Json);
        await group.AssertAllReadAsync(other, holder);
        Assert.True(await other.LoadsFromAsync("peers") > 0);
    }

    [Fact(Timeout = 60_000)]
    public async Task PeerOption_Alone_FindsAMemberAndIsRemembered()
    {
        await using LabGroup group = await LabGroup.CreateAsync(2, blocks: 16);
        await group.Lab.StopMulticastAsync();
        string cache = Path.Combine(group.Small.Files, "cache");
        string[] mirror = ["--mirror", group.Mirror.Url];
        LabAgent first = await group.StartAsync(1);
        LabAgent second = await group.StartAsync(2, group.Small, cache, [.. mirror, "--peer", $"{first.Host.Address}"]);
        await LabGroup.WaitUntilMetAsync(first, second);
        await second.UnmountAsync();
        await LabGroup.WaitUntilSeenAsync(first, second.Host, seen: false);

        await AssertMeetAsync(group, first, await group.StartAsync(2, group.Small, cache, mirror));
    }

    [Fact(Timeout = 60_000)]
    public async Task PeersOfPeers_AreMet()
    {
        await using LabGroup group = await LabGroup.CreateAsync(3, blocks: 16);
        await group.Lab.StopMulticastAsync();
        LabAgent first = await group.StartAsync(1);
        string known = $"{first.Host.Address}:7117";
        await AssertMeetAsync(group, await group.StartAsync(2, "--peer", known), await group.StartAsync(3, "--peer", known));
    }

    [Fact(Timeout = 60_000)]
    public async Task NothingFinds_NobodyIsMet()
    {
        await using LabGroup group = await LabGroup.CreateAsync(2, blocks: 16);
        await group.Lab.StopMulticastAsync();
        LabAgent[] agents = await group.StartAllAsync(1, 2);
        await group.AssertAllReadAsync(agents);
        Assert.Empty((await agents[0].PeersAsync()).Peers);
        Assert.Equal(2 * group.Blocks, (await group.Mirror.BlocksGivenAsync(2 * group.Blocks)).Length);
    }

    [Fact(Timeout = 60_000)]
    public async Task Tracker_Alone_FindsMembers()
    {
        await using LabGroup group = await LabGroup.CreateAsync(2, blocks: 16);
        await group.Lab.StopMulticastAsync();
        var key = new GroupKey(group);
        string id = (await OsCircularProgram.RunAsync(["group", "id", "--group", LabGroup.GroupName, .. key.Options])).MustSucceed().Output.Trim();
        Assert.Equal(key.Member.Group.ToString(), id);

        // It will not run as root, and has made the folder its own root before it looks for the list.
        using var files = new TempDirectory();
        File.SetUnixFileMode(files.Path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute | UnixFileMode.OtherRead | UnixFileMode.OtherExecute);
        await File.WriteAllTextAsync(files["whitelist"], id + "\n");
        await using TestProcess tracker = group.Lab.Mirror.Start("opentracker", [
            "-i", $"{group.Lab.Mirror.Address}", "-p", $"{TrackerPort}", "-P", $"{TrackerPort}", "-d", files.Path, "-w", "whitelist"]);
        await group.Lab.Mirror.WaitUntilOpenAsync(TrackerPort, TimeSpan.FromSeconds(10));
        string[] options = [.. key.Options, "--tracker", $"http://{group.Lab.Mirror.Address}:{TrackerPort}/announce"];
        LabAgent first = await group.StartAsync(1, options);
        await AssertMeetAsync(group, first, await group.StartAsync(2, options));
    }

    // They see each other, and what one has read the other does not fetch again.
    private static async Task AssertMeetAsync(LabGroup group, params LabAgent[] agents)
    {
        await LabGroup.WaitUntilMetAsync(agents);
        int before = group.Mirror.BlocksGiven().Length;
        foreach (LabAgent agent in agents) await group.AssertReadsAllAsync(agent);
        Assert.InRange(group.Mirror.BlocksGiven().Length - before, 0, group.Blocks);
    }
}
