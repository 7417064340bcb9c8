namespace OsCircular.Mirrors;

/// <summary>What is known of a mirror when one is chosen.</summary>
/// <param name="Latency">Seconds to the first byte, beyond the queue that we ourselves put there.</param>
/// <param name="Rate">Bytes a second; 0 where nothing was measured.</param>
/// <param name="QueuedBytes">Bytes asked for and not yet here.</param>
/// <param name="Stale">Not measured of late.</param>
/// <param name="Resting">Not to be asked where another can be.</param>
public readonly record struct MirrorEstimate(double Latency, double Rate, long QueuedBytes, bool Stale = false, bool Resting = false)
{
    /// <summary>Seconds until a file of this length would be here; infinite where nothing was measured.</summary>
    public double ExpectedFinish(int length) => Rate > 0 ? Latency + ((QueuedBytes + length) / Rate) : double.PositiveInfinity;

    /// <summary>Seconds until its first byte would be here; infinite where nothing was measured.</summary>
    public double ExpectedFirstByte => ExpectedFinish(0);
}

/// <summary>The choice among mirrors: pure.</summary>
public static class MirrorRanking
{
    /// <summary>
    /// Orders mirrors by expected finish: resting ones last, unmeasured ones after measured ones, else as the user listed them.
    /// Now and then a stale one goes first, lest it be judged for ever by one bad day.
    /// </summary>
    /// <param name="mirrors">What is known of each.</param>
    /// <param name="length">Bytes wanted.</param>
    /// <param name="exploreShare">Share of calls that explore, 0 to 1.</param>
    /// <param name="draw">Chance: evenly from [0, 1).</param>
    /// <param name="order">As long as <paramref name="mirrors"/>: their positions, best first.</param>
    public static void Order(ReadOnlySpan<MirrorEstimate> mirrors, int length, double exploreShare, double draw, Span<int> order)
    {
        for (int i = 0; i < order.Length; i++)
        {
            int place = i;
            for (; place > 0 && IsBetter(mirrors[i], mirrors[order[place - 1]], length); place--) order[place] = order[place - 1];
            order[place] = i;
        }

        if (draw < exploreShare) Explore(mirrors, draw / exploreShare, order);
    }

    private static bool IsBetter(in MirrorEstimate left, in MirrorEstimate right, int length) =>
        left.Resting != right.Resting ? right.Resting : left.ExpectedFinish(length) < right.ExpectedFinish(length);

    private static void Explore(ReadOnlySpan<MirrorEstimate> mirrors, double draw, Span<int> order)
    {
        int candidates = 0;
        foreach (int i in order) candidates += IsCandidate(mirrors[i]) ? 1 : 0;
        if (candidates == 0) return;
        int chosen = (int)(draw * candidates);
        for (int place = 0; place < order.Length; place++)
        {
            int mirror = order[place];
            if (!IsCandidate(mirrors[mirror]) || chosen-- > 0) continue;
            order[..place].CopyTo(order[1..]);
            order[0] = mirror;
            return;
        }
    }

    private static bool IsCandidate(in MirrorEstimate mirror) => mirror is { Stale: true, Resting: false };
}
