using OsCircular.Sources.Transfers;

namespace OsCircular.Peers.Choice;

/// <summary>The choice among the peers that hold a block: pure.</summary>
public static class HolderRanking
{
    /// <summary>What an unmeasured peer is taken for, in bytes a second: a LAN's, so that it is tried, and measured by it.</summary>
    public const double UnknownRate = 50e6;

    /// <summary>Expected finishes that differ by less than this share are the same: many askers must not all run to one holder.</summary>
    public const double Indifference = 0.5;

    /// <summary>Seconds until a file of this length would be here.</summary>
    public static double ExpectedFinish(in TransferEstimate peer, int length) =>
        peer.Latency + ((peer.QueuedBytes + length) / (peer.Rate > 0 ? peer.Rate : UnknownRate));

    /// <summary>Orders holders: resting ones last, else by the least expected finish, those about as good in an order drawn by chance.</summary>
    /// <param name="peers">What is known of each.</param>
    /// <param name="length">Bytes wanted.</param>
    /// <param name="draw">Chance, evenly from [0, 1).</param>
    /// <param name="order">As long as <paramref name="peers"/>: their positions, best first.</param>
    public static void Order(ReadOnlySpan<TransferEstimate> peers, int length, double draw, Span<int> order)
    {
        if (peers.IsEmpty) return;
        int turn = (int)(draw * peers.Length);
        for (int i = 0; i < order.Length; i++) order[i] = (i + turn) % peers.Length;
        double best = double.PositiveInfinity;
        foreach (TransferEstimate peer in peers)
            if (!peer.Resting) best = Math.Min(best, ExpectedFinish(peer, length));

        // Stable, so that the turn stays among equals.
        for (int i = 1; i < order.Length; i++)
        {
            int moved = order[i];
            int place = i;
            for (; place > 0 && Step(peers[moved], length, best) < Step(peers[order[place - 1]], length, best); place--) order[place] = order[place - 1];
            order[place] = moved;
        }
    }

    // How many indifferent steps worse than the best; resting ones beyond all.
    private static double Step(in TransferEstimate peer, int length, double best) =>
        peer.Resting ? double.MaxValue : Math.Floor(Math.Log(Math.Max(1, ExpectedFinish(peer, length) / best)) / Math.Log(1 + Indifference));
}
