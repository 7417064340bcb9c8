namespace OsCircular.Sources.Rates;

/// <summary>A rate that holds in some hours of each day.</summary>
/// <param name="From">The first moment, by this host's local time.</param>
/// <param name="To">The first moment after; before <paramref name="From"/>: of the next day. Not the same.</param>
/// <param name="BytesPerSecond">0: nothing at all.</param>
public readonly record struct RateSpan(TimeOnly From, TimeOnly To, long BytesPerSecond)
{
    public bool Holds(TimeOnly at) => at.IsBetween(From, To);
}

/// <summary>How many bytes a second may pass at which time of the day: pure.</summary>
/// <param name="otherwise">Bytes a second in all other hours; null: no limit.</param>
/// <param name="spans">Where they overlap, the first that holds counts.</param>
public sealed class RateSchedule(long? otherwise, params IReadOnlyList<RateSpan> spans)
{
    /// <summary>No limit at any hour.</summary>
    public static RateSchedule None { get; } = new(null);

    /// <summary>Whether there is no limit at any hour.</summary>
    public bool IsNone => otherwise is null && spans.Count == 0;

    /// <summary>The smallest and the largest of all its limits; null where there is none.</summary>
    public (long Least, long Most)? Range =>
        IsNone ? null : (Limits.Min(), Limits.Max());

    /// <param name="time">Of the day, by this host's local time.</param>
    /// <returns>Bytes a second; 0: nothing at all; null: no limit.</returns>
    public long? At(TimeOnly time)
    {
        foreach (RateSpan span in spans)
        {
            if (span.Holds(time)) return span.BytesPerSecond;
        }

        return otherwise;
    }

    private IEnumerable<long> Limits => spans.Select(span => span.BytesPerSecond).Concat(otherwise is { } rate ? [rate] : []);
}
