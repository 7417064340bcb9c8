using OsCircular.Sources;

namespace OsCircular.Peers.Homes;

/// <summary>How long a home is waited for: pure.</summary>
public static class HomeTiming
{
    /// <summary>How long a home holds a request before it says that it is working: well within the second that it has.</summary>
    public static readonly TimeSpan Hold = TimeSpan.FromMilliseconds(800);

    /// <summary>A home that says "working" sooner than this is not asked again before.</summary>
    public static readonly TimeSpan LeastRound = TimeSpan.FromMilliseconds(100);

    /// <summary>What a home says where it has measured nothing yet.</summary>
    public static readonly TimeSpan UnknownEstimate = TimeSpan.FromSeconds(1);

    /// <summary>An estimate beyond this is no promise: the asker looks elsewhere.</summary>
    public static readonly TimeSpan MaxEstimate = TimeSpan.FromSeconds(30);

    /// <summary>How long a home waits for another that fetches the same already.</summary>
    public static readonly TimeSpan MaxJoin = TimeSpan.FromSeconds(5);

    /// <summary>
    /// How long a home that was silent once is not asked as home: one read needs index pages and a block, each with a home of its own, and is to meet one silence
    /// and not several. Short, for who disagrees about homes fetches twice; a second silence is the circuit breaker's.
    /// </summary>
    public static readonly TimeSpan SilentRest = TimeSpan.FromSeconds(5);

    /// <summary>A home that has answered is slow when it misses its own first estimate twofold, and by more than silence would be forgiven.</summary>
    /// <param name="waited">Since it was first asked.</param>
    /// <param name="firstEstimate">What it said first.</param>
    /// <param name="silence">How long a peer may be silent.</param>
    public static bool IsSlow(TimeSpan waited, TimeSpan firstEstimate, TimeSpan silence) =>
        waited > (2 * (firstEstimate < MaxEstimate ? firstEstimate : MaxEstimate)) + silence;

    /// <summary>Of the first half of a request's time, what the group may take where a home says that it is working: the mirror still gets its try within it.</summary>
    public const double WorkingShare = 7.0 / 8;

    /// <summary>How much longer a search among the peers may go on: half of the first half of a request's time, and nearly all of it where a home is working.</summary>
    public static TimeSpan SearchLimit(Deadline deadline, bool isWorking)
    {
        TimeSpan firstHalf = deadline.RemainingOfFirstHalf;
        return firstHalf > TimeSpan.Zero ? firstHalf * (isWorking ? WorkingShare : 0.5) : deadline.Remaining / 2;
    }

    /// <summary>Whether a slow home is left without drawing on the budget: when a search in which no home is working would be over.</summary>
    public static bool IsPastPatience(Deadline deadline) => deadline.RemainingOfFirstHalf <= deadline.Limit / 4;
}
