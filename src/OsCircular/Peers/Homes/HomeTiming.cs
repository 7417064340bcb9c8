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

    /// <summary>A home that has answered is slow when it misses its own first estimate twofold, and by more than silence would be forgiven.</summary>
    /// <param name="waited">Since it was first asked.</param>
    /// <param name="firstEstimate">What it said first.</param>
    /// <param name="silence">How long a peer may be silent.</param>
    public static bool IsSlow(TimeSpan waited, TimeSpan firstEstimate, TimeSpan silence) =>
        waited > (2 * (firstEstimate < MaxEstimate ? firstEstimate : MaxEstimate)) + silence;
}
