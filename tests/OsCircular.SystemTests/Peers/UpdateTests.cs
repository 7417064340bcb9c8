using System.Net;
using OsCircular.SystemTests.TestKit;
using OsCircular.TestKit;
using OsCircular.TestKit.Images;
using OsCircular.TestKit.Labs;
using OsCircular.TestKit.Programs;

namespace OsCircular.SystemTests.Peers;

/// <summary>A new version reaches the one host that has the mirror.</summary>
[Collection(LabCollection.Name)]
public sealed class UpdateTests
{
    // Noise all of them, so that each is a block file of its own.
    private static readonly int[] Changed = [1, 5, 9, 13, 17, 21, 25, 29];

    [Fact(Timeout = 120_000)]
    public async Task VersionTwo_OnOneHost_GivesTheOthersItsChangedBlocksOnly()
    {
        await using LabGroup group = await LabGroup.CreateAsync(3);
        LabAgent first = await group.StartAsync(1, "--refresh", "1s");
        LabAgent[] others = await Task.WhenAll(group.StartWithoutMirrorAsync(2), group.StartWithoutMirrorAsync(3));
        await group.AssertAllReadAsync(first, others[0], others[1]);
        Dictionary<LabAgent, int> held = others.ToDictionary(agent => agent, HeldBy);
        int given = (await group.Mirror.BlocksGivenAsync(group.Blocks)).Length;

        SyntheticImage.Change(group.Small.Image, seed: 2, Changed);
        await group.Small.Repository.PublishAsync(group.Small.Image, "small");
        foreach (LabAgent agent in (LabAgent[])[first, .. others])
            await Eventually.IsSoAsync(() => Task.FromResult(LatestOf(agent) == "2"), () => Task.FromResult($"{agent.Host} stays at {LatestOf(agent)}"));

        await group.AssertAllReadAsync(others);
        foreach (LabAgent agent in others)
        {
            await Eventually.IsSoAsync(
                () => Task.FromResult(HeldBy(agent) == held[agent] + Changed.Length), () => Task.FromResult($"{HeldBy(agent) - held[agent]} blocks were taken"));
        }

        (string Name, IPAddress Asker)[] after = (await group.Mirror.BlocksGivenAsync(given + Changed.Length))[given..];
        Assert.InRange(after.Length, Changed.Length, Changed.Length + 1);
        Assert.All(after, each => Assert.Equal(first.Host.Address, each.Asker));
    }

    private static int HeldBy(LabAgent agent) => TestRepository.BlockFiles(agent.Cache).Length;

    private static string LatestOf(LabAgent agent) => new FileInfo(Path.Combine(agent.Directory, "small", "latest")).LinkTarget ?? "";
}
