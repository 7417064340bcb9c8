namespace OsCircular.Sources;

/// <summary>What two sources together say, and when to ask them again: pure.</summary>
public static class FallbackRule
{
    /// <summary>
    /// Which of two errors tells more. Missing is for what nobody has: where the first could not say so, its reason is the one that tells. And a first that is only
    /// busy may do better in a moment, which a second that cannot be reached says nothing of.
    /// </summary>
    public static SourceError Telling(SourceError first, SourceError second) =>
        second == SourceError.Missing || (first == SourceError.Refused && second == SourceError.Unreachable) ? first : second;

    /// <summary>How long to wait before whoever is busy is asked again.</summary>
    /// <param name="fetchClass">Filling has time.</param>
    /// <param name="spread">Anything that differs from request to request, so that those who wait do not all come back at once.</param>
    public static TimeSpan PauseFor(FetchClass fetchClass, uint spread) =>
        fetchClass == FetchClass.Fill ? TimeSpan.FromMilliseconds(250 + (spread % 500)) : TimeSpan.FromMilliseconds(100 + (spread % 100));
}
