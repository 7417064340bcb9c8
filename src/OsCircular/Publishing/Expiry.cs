namespace OsCircular.Publishing;

/// <summary>Turns "so long from now" into the day that a head names.</summary>
internal static class Expiry
{
    public static readonly TimeSpan Longest = TimeSpan.FromDays(36_500);

    /// <summary>The last day, in UTC, on which a head signed now may be adopted; never sooner than asked.</summary>
    public static DateOnly? LastDay(DateTimeOffset now, TimeSpan? after) => after is { } span ? DateOnly.FromDateTime(now.Add(span).UtcDateTime) : null;
}
