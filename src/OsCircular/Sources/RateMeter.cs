namespace OsCircular.Sources;

/// <summary>Bytes a second over the time in which anything was under way. Thread-safe.</summary>
public sealed class RateMeter
{
    // Shorter samples say more of the scheduler than of the line.
    private static readonly TimeSpan Window = TimeSpan.FromMilliseconds(50);

    private readonly TimeProvider _time;
    private readonly Lock _lock = new();

    // Guarded by _lock.
    private int _running;
    private long _since;
    private TimeSpan _busy;
    private long _bytes;
    private double _rate;

    public RateMeter(TimeProvider time) => _time = time;

    /// <summary>0 while nothing was measured.</summary>
    public double BytesPerSecond
    {
        get
        {
            lock (_lock) return _rate;
        }
    }

    /// <summary>A transfer begins.</summary>
    public void Begin()
    {
        lock (_lock)
        {
            if (_running++ == 0) _since = _time.GetTimestamp();
        }
    }

    /// <summary>A transfer ends that brought this many bytes.</summary>
    public void End(int bytes)
    {
        lock (_lock)
        {
            long now = _time.GetTimestamp();
            _busy += _time.GetElapsedTime(_since, now);
            _since = now;
            _running--;
            _bytes += bytes;
            if (_bytes == 0 || _busy <= TimeSpan.Zero || (_rate > 0 && _busy < Window)) return;

            // Up at once, down slowly: a sample taken while little was wanted understates the line.
            double sample = _bytes / _busy.TotalSeconds;
            _rate = sample > _rate ? (_rate == 0 ? sample : (_rate + sample) / 2) : (0.9 * _rate) + (0.1 * sample);
            _busy = TimeSpan.Zero;
            _bytes = 0;
        }
    }
}
