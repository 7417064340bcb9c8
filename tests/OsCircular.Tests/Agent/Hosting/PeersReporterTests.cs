using OsCircular.Agent.Control;
using OsCircular.Agent.Hosting;
using OsCircular.TestKit;
using OsCircular.Tests.Peers.Groups;

namespace OsCircular.Tests.Agent.Hosting;

public sealed class PeersReporterTests
{
    [Fact]
    public void Report_PeersAreOff_SaysSo()
    {
        PeersReport report = PeersReporter.Report(new AgentParts());
        Assert.Null(report.Sum);
        Assert.Empty(report.Peers);
        Assert.Empty(report.Trackers);
    }

    [Fact]
    public async Task Report_OneGaveTheOtherABlock_AgreesOnBothSides()
    {
        await using TestGroup group = await TestGroup.StartAsync(new(), new());
        (GroupHost taker, GroupHost giver) = (group.Hosts[0], group.Hosts[1]);
        byte[] block = group.BlockOf(giver);
        giver.Cache.Store(block);
        await taker.SeesAsync(giver);
        await taker.ReadAsync(block);
        await Eventually.IsSoAsync(() => giver.Of(taker)!.BytesSent == block.Length);

        PeersReport taken = Report(taker), given = Report(giver);
        Assert.Equal((block.Length, block.Length, 1), (taken.Sum!.BytesReceived, taken.Sum.SparedBytes, taken.Sum.Alive));
        Assert.Equal((0, 1, 0), (given.Sum!.BytesReceived, given.Sum.Known, given.Sum.Banned));
        Assert.True(given.Sum.BytesSent >= block.Length);
        Assert.Equal(taken.Sum.Id, Assert.Single(given.Peers).Id);
        Assert.Equal(taken.Sum.Group, given.Sum.Group);
        Assert.False(taken.Sum.HasKey);

        PeerReport peer = Assert.Single(taken.Peers);
        Assert.Equal((giver.Address.ToString(), "alive", null), (peer.Address, peer.State, peer.Why));
        Assert.Equal((block.Length, 1, 1, true), (peer.BytesReceived, peer.Offers, peer.Requests, peer.Fetches));
        Assert.NotNull(peer.LatencySeconds);
        Assert.True(given.Sum.Answers["given"] >= 1);
        Assert.DoesNotContain(given.Sum.Answers, answer => answer.Value == 0);
    }

    private static PeersReport Report(GroupHost host) => PeersReporter.Report(new AgentParts { Peers = host.Service, PeerServer = host.Server });
}
