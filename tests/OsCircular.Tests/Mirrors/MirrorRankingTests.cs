using CsCheck;
using Microsoft.Extensions.Time.Testing;
using OsCircular.Mirrors;
using OsCircular.Sources;
using OsCircular.Sources.Transfers;

namespace OsCircular.Tests.Mirrors;

public sealed class MirrorRankingTests
{
    private static readonly Gen<TransferEstimate[]> GenMirrors = Gen.Select(Gen.Double[0, 2], Gen.OneOf(Gen.Const(0.0), Gen.Double[1, 1e8]), Gen.Long[0, 10_000_000], Gen.Bool, Gen.Bool)
        .Select(t => new TransferEstimate(t.Item1, t.Item2, t.Item3, t.Item4, t.Item5)).Array[1, 11];

    [Fact]
    public void Order_AnyMirrors_NamesEachOnceRestingOnesLastAndByFinish() => GenMirrors.Sample(mirrors =>
    {
        int[] order = Order(mirrors, draw: 0.9);
        var ranked = order.Select(i => mirrors[i]).ToList();
        return order.Order().SequenceEqual(Enumerable.Range(0, mirrors.Length))
            && ranked.Select(mirror => mirror.Resting).SequenceEqual(ranked.Select(mirror => mirror.Resting).Order())
            && ranked.Where(mirror => !mirror.Resting).Select(mirror => mirror.ExpectedFinish(1000)).IsOrdered();
    });

    [Fact]
    public void Order_Exploring_OnlyBringsAStaleMirrorToTheFront() => Gen.Select(GenMirrors, Gen.Double[0, 0.4999]).Sample((mirrors, draw) =>
    {
        int[] usual = Order(mirrors, draw: 0.9);
        int[] exploring = Order(mirrors, draw);
        return mirrors.Any(mirror => mirror is { Stale: true, Resting: false })
            ? mirrors[exploring[0]] is { Stale: true, Resting: false } && exploring[1..].SequenceEqual(usual.Where(i => i != exploring[0]))
            : exploring.SequenceEqual(usual);
    });

    [Fact]
    public void Order_LongQueueAtTheFastOne_PrefersTheSlowOne()
    {
        TransferEstimate fast = new(0.01, 10e6, QueuedBytes: 20_000_000);
        TransferEstimate slow = new(0.05, 1e6, QueuedBytes: 0);
        Assert.Equal([1, 0], Order([fast, slow], draw: 0.9));
    }

    [Fact]
    public void Order_NothingMeasured_IsAsTheUserListedThem() =>
        Assert.Equal([0, 1, 2], Order([default, default, default], draw: 0.9));

    [Fact]
    public void HedgeDelay_AgainstOurOwnQueue_GrowsWithIt()
    {
        TimeSpan least = TimeSpan.FromMilliseconds(250);
        Assert.Equal(least, MirrorTiming.HedgeDelay(new TransferEstimate(0.01, 1e6, 0), least));
        Assert.Equal(6.03, MirrorTiming.HedgeDelay(new TransferEstimate(0.01, 1e6, 2_000_000), least).TotalSeconds, 3);
        Assert.Equal(TimeSpan.FromSeconds(1), MirrorTiming.HedgeDelay(default, least));
    }

    [Fact]
    public void AttemptLimit_AnyNumberOfMirrors_GivesEachATryWithinTheFirstHalf() => Gen.Int[1, 11].Sample(mirrors =>
    {
        var time = new FakeTimeProvider();
        Deadline deadline = Deadline.In(TimeSpan.FromSeconds(60), time);
        for (int others = mirrors - 1; others > 0; others--) time.Advance(MirrorTiming.AttemptLimit(deadline, others));
        return deadline.Remaining >= TimeSpan.FromSeconds(29.9) && MirrorTiming.AttemptLimit(deadline, 0) == deadline.Remaining;
    });

    private static int[] Order(TransferEstimate[] mirrors, double draw)
    {
        int[] order = new int[mirrors.Length];
        MirrorRanking.Order(mirrors, 1000, exploreShare: 0.5, draw, order);
        return order;
    }
}

file static class Ordered
{
    public static bool IsOrdered(this IEnumerable<double> values)
    {
        double[] all = [.. values];
        return all.SequenceEqual(all.Order());
    }
}
