namespace OsCircular.Sources.Rates;

/// <summary>
/// A cap in bytes a second, by the hour of the day. Whoever takes may run it into debt, and the next waits until that is paid: so what is larger than all that
/// may be saved up gets through too, the rate holds over time, and nobody waits for more than what was taken before him. Thread-safe.
/// </summary>
public sealed class RateCap
{
    /// <summary>How much may be saved up, as time at the rate: as much as a timer may be late on a busy host, so that the rate is reached too.</summary>
    public static readonly TimeSpan UsualBurst = TimeSpan.FromMilliseconds(100);

    /// <summary>No wait is longer, for the hour may change the rate; whoever waited so long asks again.</summary>
    public static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(15);

    // A timer is no finer.
    private static readonly TimeSpan ShortestWait = TimeSpan.FromMilliseconds(1);

    private readonly RateSchedule _schedule;
    private readonly TimeSpan _burst;
    private readonly TimeProvider _time;
    private readonly Lock _lock = new();

    // Guarded by _lock.
    private double _saved;
    private long _since;

    /// <param name="schedule">The rates.</param>
    /// <param name="time">Of the waits, and of the hours.</param>
    /// <param name="burst">How much may be saved up, as time at the rate. Default: <see cref="UsualBurst"/>.</param>
    public RateCap(RateSchedule schedule, TimeProvider time, TimeSpan? burst = null)
    {
        _schedule = schedule;
        _burst = burst ?? UsualBurst;
        _time = time;
        _saved = (Now ?? 0) * _burst.TotalSeconds;
        _since = time.GetTimestamp();
    }

    /// <summary>Bytes a second at this hour; 0: nothing at all; null: no limit.</summary>
    public long? Now => _schedule.At(TimeOnly.FromDateTime(_time.GetLocalNow().DateTime));

    /// <summary>How long to wait before the next may take; zero: not at all. Long where the hour lets nothing through.</summary>
    public TimeSpan Wait
    {
        get
        {
            lock (_lock) return WaitAt(Settle());
        }
    }

    /// <summary>Takes, whatever was taken before.</summary>
    /// <param name="bytes">Below zero: given back, for they were not used.</param>
    public void Take(long bytes)
    {
        lock (_lock)
        {
            if (Settle() is not null) _saved -= bytes;
        }
    }

    /// <summary>Takes <paramref name="bytes"/>, or nothing where the turn would come later than <paramref name="mostWait"/> from now.</summary>
    /// <param name="wait">How long to wait before they pass, or before asking again; zero where they may pass now.</param>
    /// <returns>Whether they were taken.</returns>
    public bool TryTake(long bytes, TimeSpan mostWait, out TimeSpan wait)
    {
        lock (_lock)
        {
            long? rate = Settle();
            wait = WaitAt(rate);
            if (wait > mostWait || rate == 0) return false;
            if (rate is not null) _saved -= bytes;
            return true;
        }
    }

    /// <summary>Waits until they may pass, behind all who took before and along with all who wait.</summary>
    public async ValueTask TakeAsync(long bytes, CancellationToken cancellationToken)
    {
        while (!TryTake(bytes, TimeSpan.Zero, out TimeSpan wait)) await Task.Delay(wait, _time, cancellationToken).ConfigureAwait(false);
    }

    // What was saved since, at the rate of this hour; without a limit there is neither saving nor debt.
    private long? Settle()
    {
        long now = _time.GetTimestamp();
        long? rate = Now;
        _saved = rate is { } limit ? Math.Min(limit * _burst.TotalSeconds, _saved + (limit * _time.GetElapsedTime(_since, now).TotalSeconds)) : 0;
        _since = now;
        return rate;
    }

    private TimeSpan WaitAt(long? rate)
    {
        if (rate is not { } limit) return TimeSpan.Zero;
        if (limit == 0) return LongestWait;
        if (_saved >= 0) return TimeSpan.Zero;
        double seconds = Math.Clamp(-_saved / limit, ShortestWait.TotalSeconds, LongestWait.TotalSeconds);
        return TimeSpan.FromSeconds(seconds);
    }
}
