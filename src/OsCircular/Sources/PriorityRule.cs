namespace OsCircular.Sources;

/// <summary>What is under way in one class.</summary>
/// <param name="Waiting">Fetches queued.</param>
/// <param name="Running">Fetches in flight.</param>
/// <param name="RunningBytes">Their stored lengths together.</param>
public record struct ClassLoad(int Waiting, int Running, long RunningBytes);

/// <summary>Which fetch may start: pure.</summary>
public static class PriorityRule
{
    /// <summary>What lower classes may have in flight while a higher one is active, in seconds of the measured rate: a reader waits that long for the line at most.</summary>
    public const double LowerShare = 0.2;

    /// <summary>Whether the first fetch queued in a class may start.</summary>
    /// <param name="fetchClass">Its class.</param>
    /// <param name="storedLength">Its length in bytes.</param>
    /// <param name="loads">Of each class, by its number.</param>
    /// <param name="maxInFlight">Fetches at one time of this class and more urgent ones. Lower ones do not count: a reader never waits for their places.</param>
    /// <param name="bytesPerSecond">The measured rate; 0 where nothing was measured.</param>
    public static bool MayStart(FetchClass fetchClass, int storedLength, ReadOnlySpan<ClassLoad> loads, int maxInFlight, double bytesPerSecond)
    {
        int atLeastAsUrgent = 0;
        bool higherIsActive = false;
        long lowerBytes = 0;
        for (int c = 0; c < loads.Length; c++)
        {
            ClassLoad load = loads[c];
            if (c <= (int)fetchClass) atLeastAsUrgent += load.Running;
            if (higherIsActive) lowerBytes += load.RunningBytes;
            else higherIsActive = c < (int)fetchClass && load.Waiting + load.Running > 0;
        }

        if (atLeastAsUrgent >= maxInFlight) return false;
        if (!higherIsActive) return true;

        // Nothing measured yet: one at a time measures it.
        return bytesPerSecond > 0 ? lowerBytes + storedLength <= LowerShare * bytesPerSecond : lowerBytes == 0;
    }
}
