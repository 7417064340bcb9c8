namespace OsCircular.Cache.Repair;

/// <summary>
/// How often the cache disk was to blame within the last hour, and what of it to say: each fault while they are few, the sum, loudly, when they are no accident
/// any more. A disk that dies must be heard, and must not fill the log. Thread-safe.
/// </summary>
internal sealed class DiskBlame(TimeProvider time)
{
    /// <summary>One damaged file is an accident, two may be; the third within an hour is the disk.</summary>
    public const int Loud = 3;

    /// <summary>More than this in an hour are told of in sums only.</summary>
    public const int MostTold = 100;

    /// <summary>Past this the exact number says no more.</summary>
    public const int MostRemembered = 100_000;

    public static readonly TimeSpan Window = TimeSpan.FromHours(1);
    public static readonly TimeSpan BetweenWarnings = TimeSpan.FromMinutes(10);

    private readonly Lock _gate = new();
    private readonly Queue<long> _faults = new();
    private long? _warnedAt;

    /// <summary>Faults within the last hour.</summary>
    public int LastHour
    {
        get
        {
            lock (_gate) return Count();
        }
    }

    /// <summary>The disk gave a damaged file.</summary>
    public Verdict Note()
    {
        lock (_gate)
        {
            int count = Count();
            if (count < MostRemembered)
            {
                _faults.Enqueue(time.GetTimestamp());
                count++;
            }

            bool warn = count >= Loud && (_warnedAt is not { } at || time.GetElapsedTime(at) >= BetweenWarnings);
            if (warn) _warnedAt = time.GetTimestamp();
            return new Verdict(count, TellThis: count <= MostTold, warn);
        }
    }

    private int Count()
    {
        long now = time.GetTimestamp();
        while (_faults.TryPeek(out long at) && time.GetElapsedTime(at, now) > Window) _faults.Dequeue();
        return _faults.Count;
    }

    /// <param name="LastHour">Faults within the last hour, this one too.</param>
    /// <param name="TellThis">Whether to log this one by itself.</param>
    /// <param name="Warn">Whether to say loudly how many there were.</param>
    public readonly record struct Verdict(int LastHour, bool TellThis, bool Warn);
}
