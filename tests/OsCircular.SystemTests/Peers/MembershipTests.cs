using System.Net.Sockets;
using System.Text.Json;
using OsCircular.SystemTests.Faults;
using OsCircular.SystemTests.TestKit;
using OsCircular.TestKit;
using OsCircular.TestKit.Labs;
using OsCircular.TestKit.Peers;
using OsCircular.TestKit.Programs;

namespace OsCircular.SystemTests.Peers;

/// <summary>Who is whom: clones, forgers, wrong clocks, others' repositories.</summary>
[Collection(LabCollection.Name)]
public sealed class MembershipTests
{
    [Fact(Timeout = 120_000)]
    public async Task ClonedDisks_HaveIdsOfTheirOwnAndBothWork()
    {
        await using LabGroup group = await LabGroup.CreateAsync(2);
        string original = Path.Combine(group.Small.Files, "original"), clone = Path.Combine(group.Small.Files, "clone");
        string[] mirror = ["--mirror", group.Mirror.Url];
        LabAgent before = await group.StartAsync(1, group.Small, original, mirror);
        await Disk.AssertSameAsync(group.Small.Image, before.DiskOf("small"), 0, 16);
        await before.UnmountAsync();
        await TestProcess.ShellAsync("cp -a \"$1\" \"$2\"", original, clone);

        LabAgent[] agents = await Task.WhenAll(group.StartAsync(1, group.Small, original, mirror), group.StartAsync(2, group.Small, clone, mirror));
        await LabGroup.WaitUntilMetAsync(agents);
        PeersSeen[] seen = await Task.WhenAll(agents.Select(agent => agent.PeersAsync()));
        Assert.NotEqual(seen[0].Own, seen[1].Own);
        Assert.Contains(seen[0].Live, peer => peer.Id == seen[1].Own);
        await group.AssertAllReadAsync(agents);
    }

    [Fact(Timeout = 120_000)]
    public async Task ForgedBeacons_DoNoHarmAndAreCounted()
    {
        await using LabGroup group = await LabGroup.CreateAsync(4);
        LabAgent[] agents = await group.StartAllAsync(1, 2);
        await LabGroup.WaitUntilMetAsync(agents);
        using Socket victim = group.Lab.Host(4).Listen(BeaconForger.VictimPort);
        using var end = new CancellationTokenSource();
        Task<int> greeted = CountConnectionsAsync(victim, end.Token);
        await using (var forger = new BeaconForger(group.Lab.Host(3), group.Lab.Host(4), new GroupMember(LabGroup.GroupName, null).Group))
        {
            await group.AssertAllReadAsync(agents);
            await Eventually.IsSoAsync(
                async () => await agents[0].CountAsync("peers", "beacons", "heard") >= 100, () => Task.FromResult($"of {forger.Sent} beacons not 100 were counted"));
        }

        await end.CancelAsync();

        // At most one for each of two agents in any ten seconds, and the forging lasts a few.
        Assert.InRange(await greeted, 0, 2 * 3);
        await LabGroup.WaitUntilMetAsync(agents);
        foreach (LabAgent agent in agents) Assert.Equal(0, await agent.CountAsync("reads", "failed"));
    }

    [Fact(Timeout = 120_000)]
    public async Task ClockAYearOff_GroupWithKey_WorksAllTheSame()
    {
        await using LabGroup group = await LabGroup.CreateAsync(2);
        var key = new GroupKey(group);
        LabAgent right = await group.StartAsync(1, key.Options);
        LabAgent wrong = await group.StartAsync(2, group.Small, cache: null, ["--mirror", group.Mirror.Url, .. key.Options], await AYearAheadAsync());
        using (JsonDocument status = await wrong.StatusAsync())
            Assert.True(status.RootElement.GetProperty("repository").GetProperty("lastRefresh").GetDateTimeOffset() > DateTimeOffset.UtcNow.AddDays(300), "its clock is right");

        await LabGroup.WaitUntilMetAsync(right, wrong);
        await group.AssertReadsAllAsync(right);
        await group.AssertReadsAllAsync(wrong);
        await group.AssertFetchedOnceAsync(readers: 2);
        Assert.True(await wrong.LoadsFromAsync("peers") > 0);
    }

    [Fact(Timeout = 120_000)]
    public async Task AnotherRepositoryInTheGroup_IsServedBesideAndNeverItsHome()
    {
        await using LabGroup group = await LabGroup.CreateAsync(3);
        await using SmallRepository other = await SmallRepository.CreateAsync(blocks: 32, seed: 77);
        LabAgent[] own = await group.StartAllAsync(1, 2);
        LabAgent guest = await group.StartAsync(3, other, cache: null, ["--mirror", other.Repository.Folder]);
        await LabGroup.WaitUntilMetAsync(own);

        await Task.WhenAll(group.AssertAllReadAsync(own), Disk.AssertSameAsync(other.Image, guest.DiskOf("small")));
        await group.AssertFetchedOnceAsync(readers: 2);
        Assert.DoesNotContain(group.Mirror.BlocksGiven(), given => given.Asker.Equals(guest.Host.Address));
    }

    private static async Task<int> CountConnectionsAsync(Socket listener, CancellationToken cancellationToken)
    {
        // Left open without an answer: whoever has a connection closed under it tries again, up to three times, and that is no other greeting.
        List<Socket> open = [];
        try
        {
            while (true) open.Add(await listener.AcceptAsync(cancellationToken));
        }
        catch (OperationCanceledException)
        {
            return open.Count;
        }
        finally
        {
            foreach (Socket connection in open) connection.Dispose();
        }
    }

    // Only the time of day: what the runtime waits by goes on as it is.
    private static async Task<Dictionary<string, string?>> AYearAheadAsync()
    {
        string library = (await TestProcess.ShellAsync("find /usr/lib -name libfaketimeMT.so.1 | head -1")).Trim();
        Assert.NotEqual("", library);
        return new Dictionary<string, string?> { ["LD_PRELOAD"] = library, ["FAKETIME"] = "+365d", ["FAKETIME_DONT_FAKE_MONOTONIC"] = "1", ["DONT_FAKE_MONOTONIC"] = "1" };
    }
}
