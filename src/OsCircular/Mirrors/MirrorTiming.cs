using OsCircular.Sources;
using OsCircular.Sources.Transfers;

namespace OsCircular.Mirrors;

/// <summary>How long to wait for a mirror: pure.</summary>
public static class MirrorTiming
{
    // A first byte three times later than expected is overdue: twice is common where a line is shared.
    private const double Overdue = 3;
    private static readonly TimeSpan UnknownDelay = TimeSpan.FromSeconds(1);

    /// <summary>When a first byte is overdue, against what was measured and the queue that we ourselves put there.</summary>
    public static TimeSpan HedgeDelay(in TransferEstimate mirror, TimeSpan least)
    {
        double expected = mirror.ExpectedFirstByte;
        TimeSpan delay = double.IsInfinity(expected) ? UnknownDelay : TimeSpan.FromSeconds(Math.Min(Overdue * expected, 60));
        return delay > least ? delay : least;
    }

    /// <summary>
    /// The time of one attempt: while other mirrors are untried, its share of what is left of the deadline's first half, so that each gets a try in it;
    /// the last one's is all that is left.
    /// </summary>
    /// <param name="deadline">The request's.</param>
    /// <param name="others">Mirrors of this round still untried.</param>
    public static TimeSpan AttemptLimit(in Deadline deadline, int others)
    {
        if (others == 0) return deadline.Remaining;
        TimeSpan window = deadline.RemainingOfFirstHalf;
        return (window > TimeSpan.Zero ? window : deadline.Remaining / 2) / (others + 1);
    }
}
