using System.Diagnostics;
using OsCircular.SystemTests.TestKit;
using OsCircular.TestKit.Images;
using OsCircular.TestKit.Labs;
using OsCircular.TestKit.Peers;
using OsCircular.TestKit.Programs;

namespace OsCircular.SystemTests.Peers;

/// <summary>A member that does not behave: every read has the right bytes, none fails, none waits long.</summary>
[Collection(LabCollection.Name)]
public sealed class BadPeerTests
{
    private const int ImageBlocks = 64;

    // A fetch is given up for another after two seconds at most, and who was silent is not asked as home again meanwhile: a read that needs an index page and a
    // block waits once. The rest is for a busy machine.
    private static readonly TimeSpan LongestRead = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan LongestOfAll = TimeSpan.FromSeconds(15);

    [Theory(Timeout = 60_000)]
    [InlineData(Misbehaviour.Hangs)]
    [InlineData(Misbehaviour.Resets)]
    [InlineData(Misbehaviour.Trickles)]
    [InlineData(Misbehaviour.LiesInBytes)]
    [InlineData(Misbehaviour.HoldsNothing)]
    [InlineData(Misbehaviour.DiesMidTransfer)]
    [InlineData(Misbehaviour.Refuses)]
    [InlineData(Misbehaviour.SendsTooMuch)]
    [InlineData(Misbehaviour.SendsHeadersSlowly)]
    public Task Peer_SaysItHoldsAll_NoReadIsWrongOrLate(Misbehaviour how) => ReadBesideAsync(how, claims: true, fetches: false);

    [Theory(Timeout = 60_000)]
    [InlineData(Misbehaviour.Hangs)]
    [InlineData(Misbehaviour.Trickles)]
    [InlineData(Misbehaviour.LiesInBytes)]
    [InlineData(Misbehaviour.HoldsNothing)]
    [InlineData(Misbehaviour.Refuses)]
    public Task Peer_SaysItFetches_NoReadIsWrongOrLate(Misbehaviour how) => ReadBesideAsync(how, claims: false, fetches: true);

    private static async Task ReadBesideAsync(Misbehaviour how, bool claims, bool fetches)
    {
        await using LabGroup group = await LabGroup.CreateAsync(2, ImageBlocks);
        await using MisbehavingPeer bad = MisbehavingPeer.Start(group.Lab.Host(2), how, group.Small.Repository.Folder, claims, fetches);
        LabAgent agent = await group.StartAsync(1, "--peer", bad.Address);
        await LabGroup.WaitUntilSeenAsync(agent, group.Lab.Host(2));

        long started = Stopwatch.GetTimestamp();
        for (int block = 0; block < ImageBlocks; block++) await ReadAsync(agent, block);
        Assert.InRange(Stopwatch.GetElapsedTime(started), TimeSpan.Zero, LongestOfAll);

        await group.AssertReadsAllAsync(agent);
        Assert.True(bad.BlockRequests > 0, "it was never asked, so nothing was shown");
        Assert.Equal(0, await agent.CountAsync("reads", "failed"));
        if (how == Misbehaviour.LiesInBytes && claims) Assert.Contains((await agent.PeersAsync()).Peers, peer => peer.IsOn(group.Lab.Host(2)) && peer.State == "banned");
    }

    private static async Task ReadAsync(LabAgent agent, int block)
    {
        long started = Stopwatch.GetTimestamp();
        await using TestProcess read = Disk.StartReading(agent.DiskOf("small"), block);
        (await read.WaitForExitAsync(TimeSpan.FromSeconds(30))).MustSucceed();
        TimeSpan took = Stopwatch.GetElapsedTime(started);
        Assert.True(took < LongestRead, $"block {block} of {SyntheticImage.BlockSize} bytes took {took.TotalSeconds:F1} s");
    }
}
