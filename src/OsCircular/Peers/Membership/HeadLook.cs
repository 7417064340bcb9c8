namespace OsCircular.Peers.Membership;

/// <summary>
/// When one member's head was last looked at, and whether what it announces is worth another look. For each member, so that who lies about its own hides nobody
/// else's. Thread-safe.
/// </summary>
internal sealed class HeadLook(TimeProvider time)
{
    /// <summary>A higher sequence than at the last look is worth another after this.</summary>
    public static readonly TimeSpan Least = TimeSpan.FromSeconds(5);

    /// <summary>The same one, or a lower, only after this: the look may have failed.</summary>
    public static readonly TimeSpan Again = TimeSpan.FromMinutes(1);

    private readonly Lock _lock = new();
    private long _sequence;
    private long? _at;

    /// <summary>Since the last look; without end where there was none.</summary>
    public TimeSpan Since
    {
        get
        {
            lock (_lock) return _at is { } at ? time.GetElapsedTime(at) : TimeSpan.MaxValue;
        }
    }

    /// <param name="sequence">What the member announces.</param>
    public bool IsDue(long sequence)
    {
        lock (_lock)
        {
            TimeSpan since = Since;
            return since >= Again || (sequence > _sequence && since >= Least);
        }
    }

    /// <summary>It is looked at now.</summary>
    /// <param name="sequence">What the member announced.</param>
    public void Note(long sequence)
    {
        lock (_lock)
        {
            _sequence = sequence;
            _at = time.GetTimestamp();
        }
    }
}
