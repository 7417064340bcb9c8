namespace OsCircular.Sources;

/// <summary>The moment at which waiting ends, on the monotonic clock of a <see cref="TimeProvider"/>.</summary>
public readonly record struct Deadline
{
    private readonly long _started;

    private Deadline(TimeProvider time, long started, TimeSpan limit)
    {
        Time = time;
        _started = started;
        Limit = limit;
    }

    public TimeProvider Time { get; }

    /// <summary>The whole time that was given.</summary>
    public TimeSpan Limit { get; }

    /// <summary>What is left of it; never negative.</summary>
    public TimeSpan Remaining
    {
        get
        {
            TimeSpan left = Limit - Time.GetElapsedTime(_started);
            return left > TimeSpan.Zero ? left : TimeSpan.Zero;
        }
    }

    /// <summary>What is left of its first half, in which every usable source gets a try; never negative.</summary>
    public TimeSpan RemainingOfFirstHalf
    {
        get
        {
            TimeSpan left = Limit / 2 - Time.GetElapsedTime(_started);
            return left > TimeSpan.Zero ? left : TimeSpan.Zero;
        }
    }

    public bool HasPassed => Remaining == TimeSpan.Zero;

    public static Deadline In(TimeSpan limit, TimeProvider time) => new(time, time.GetTimestamp(), limit);
}
