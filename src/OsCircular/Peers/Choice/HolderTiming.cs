using OsCircular.Sources.Transfers;

namespace OsCircular.Peers.Choice;

/// <summary>How long a holder is waited for: pure.</summary>
public static class HolderTiming
{
    private const double Overdue = 4;

    /// <summary>A holder slower than this is none, in bytes a second: the mirror is faster, or nothing is.</summary>
    public const double LeastRate = 256 * 1024;

    /// <summary>When a block is late, against what was measured of this peer and the queue that we ourselves put there.</summary>
    /// <param name="peer">The holder.</param>
    /// <param name="length">Bytes wanted.</param>
    /// <param name="least">No block is late before.</param>
    /// <param name="most">Any block is late after.</param>
    public static TimeSpan HedgeDelay(in TransferEstimate peer, int length, TimeSpan least, TimeSpan most)
    {
        TimeSpan delay = TimeSpan.FromSeconds(Math.Min(Overdue * HolderRanking.ExpectedFinish(peer, length), 60));
        return delay < least ? least : delay > most ? most : delay;
    }

    /// <summary>How long a body may take once it has begun; a second of it is for hosts that are busy.</summary>
    /// <param name="length">Its bytes; what a peer says of them may be anything, and any length is given an hour at most.</param>
    public static TimeSpan TransferLimit(long length) => TimeSpan.FromSeconds(Math.Min(1 + (length / LeastRate), 3600));

    /// <summary>When an attempt is given up, whoever waits: nothing came for <paramref name="silence"/>, or what comes only trickles.</summary>
    public static TimeSpan AttemptLimit(int length, TimeSpan silence) => silence + TransferLimit(length);

    /// <summary>Whether an attempt that was ended before it brought anything was late by then: it counts against the holder, whoever ended it.</summary>
    /// <param name="hasBegun">Whether the answer had begun: then it may only have been slower than another.</param>
    /// <param name="waited">Since it was asked.</param>
    /// <param name="hedgeDelay">Of <see cref="HedgeDelay"/>, when it was asked.</param>
    public static bool WasSilent(bool hasBegun, TimeSpan waited, TimeSpan hedgeDelay) => !hasBegun && waited >= hedgeDelay;
}
