using CsCheck;
using OsCircular.Peers.Choice;
using OsCircular.Sources.Transfers;

namespace OsCircular.Tests.Peers.Choice;

public sealed class HolderRankingTests
{
    private const int Length = 256 * 1024;

    private static readonly Gen<TransferEstimate> Peers = Gen.Select(
        Gen.Double[0, 3], Gen.OneOf(Gen.Const(0.0), Gen.Double[1e3, 1e9]), Gen.Long[0, 1L << 26], Gen.Bool, (latency, rate, queued, resting) => new TransferEstimate(latency, rate, queued, Resting: resting));

    [Fact]
    public void Order_AnyPeers_IsAPermutationWithRestingLastAndNoneMuchBetterBehind() =>
        Gen.Select(Peers.Array[0, 64], Gen.Double.Unit, (peers, draw) => (Peers: peers, Draw: draw)).Sample(
            sample =>
            {
                int[] order = Order(sample.Peers, sample.Draw);
                Assert.Equal(Enumerable.Range(0, sample.Peers.Length), order.Order());
                for (int i = 1; i < order.Length; i++)
                {
                    TransferEstimate before = sample.Peers[order[i - 1]];
                    TransferEstimate after = sample.Peers[order[i]];
                    Assert.False(before.Resting && !after.Resting);
                    if (before.Resting == after.Resting && !before.Resting)
                    {
                        // Two within one step differ by less than two steps' share.
                        double slack = (1 + HolderRanking.Indifference) * (1 + 1e-9);
                        Assert.True(HolderRanking.ExpectedFinish(before, Length) <= HolderRanking.ExpectedFinish(after, Length) * slack);
                    }
                }
            },
            time: 2,
            threads: 1);

    [Fact]
    public void Order_OneClearlySooner_GoesFirstWhateverTheDraw()
    {
        TransferEstimate[] peers = [new(0.5, 1e6, 0), new(0.001, 1e8, 0), new(0.2, 1e6, 0)];
        Assert.All(Draws(100), draw => Assert.Equal(1, Order(peers, draw)[0]));
    }

    [Fact]
    public void Order_LongQueueAtTheFastest_AnotherGoesFirst()
    {
        TransferEstimate[] peers = [new(0.001, 1e8, 50_000_000), new(0.001, 5e7, 0)];
        Assert.All(Draws(100), draw => Assert.Equal(1, Order(peers, draw)[0]));
    }

    [Fact]
    public void Order_EqualPeers_EachIsFirstEquallyOften()
    {
        TransferEstimate[] peers = [.. Enumerable.Repeat(new TransferEstimate(0.001, 1e8, 0), 10)];
        int[] firsts = new int[10];
        foreach (double draw in Draws(1000)) firsts[Order(peers, draw)[0]]++;
        Assert.All(firsts, count => Assert.Equal(100, count));
    }

    [Fact]
    public void Order_AllResting_IsStillAnOrder()
    {
        TransferEstimate[] peers = [.. Enumerable.Repeat(new TransferEstimate(0, 0, 0, Resting: true), 3)];
        Assert.Equal([0, 1, 2], Order(peers, 0.9).Order());
    }

    private static IEnumerable<double> Draws(int count) => Enumerable.Range(0, count).Select(i => (double)i / count);

    private static int[] Order(TransferEstimate[] peers, double draw)
    {
        int[] order = new int[peers.Length];
        HolderRanking.Order(peers, Length, draw, order);
        return order;
    }
}
