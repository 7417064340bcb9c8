namespace OsCircular.Cache.Repair;

/// <summary>How long the scrub waits: pure but for what it still owes. Used by one task.</summary>
/// <param name="bytesPerSecond">What it reads of an idle disk; above 0.</param>
internal sealed class ScrubPace(long bytesPerSecond)
{
    /// <summary>The scrub's share of its rate while somebody reads.</summary>
    public const int BusyDivisor = 8;

    /// <summary>Shorter waits are saved up: a timer costs more than they give.</summary>
    public static readonly TimeSpan Shortest = TimeSpan.FromMilliseconds(20);

    /// <summary>So that one large file does not hold the end of the agent's stop, nor a low rate a round.</summary>
    public static readonly TimeSpan Longest = TimeSpan.FromMinutes(5);

    /// <summary>What is opened costs a seek also where it is short.</summary>
    public const int LeastBytes = 16 * 1024;

    private TimeSpan _owed;

    /// <summary>The wait after a file of so many bytes; zero where it is saved up for later.</summary>
    public TimeSpan After(int bytes, bool busy)
    {
        double rate = busy ? (double)bytesPerSecond / BusyDivisor : bytesPerSecond;
        _owed += TimeSpan.FromSeconds(Math.Min(Math.Max(bytes, LeastBytes) / rate, Longest.TotalSeconds));
        if (_owed < Shortest) return TimeSpan.Zero;
        TimeSpan wait = _owed;
        _owed = TimeSpan.Zero;
        return wait;
    }
}
