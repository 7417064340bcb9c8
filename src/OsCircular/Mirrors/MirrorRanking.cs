using OsCircular.Sources.Transfers;

namespace OsCircular.Mirrors;

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
    public static void Order(ReadOnlySpan<TransferEstimate> mirrors, int length, double exploreShare, double draw, Span<int> order)
    {
        for (int i = 0; i < order.Length; i++)
        {
            int place = i;
            for (; place > 0 && IsBetter(mirrors[i], mirrors[order[place - 1]], length); place--) order[place] = order[place - 1];
            order[place] = i;
        }

        if (draw < exploreShare) Explore(mirrors, draw / exploreShare, order);
    }

    private static bool IsBetter(in TransferEstimate left, in TransferEstimate right, int length) =>
        left.Resting != right.Resting ? right.Resting : left.ExpectedFinish(length) < right.ExpectedFinish(length);

    private static void Explore(ReadOnlySpan<TransferEstimate> mirrors, double draw, Span<int> order)
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

    private static bool IsCandidate(in TransferEstimate mirror) => mirror is { Stale: true, Resting: false };
}
