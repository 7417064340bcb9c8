namespace OsCircular.Peers.Discovery;

/// <summary>
/// When a beacon goes out on one interface: as soon as the interface is there; once more a second later, for a datagram may be lost; then every five minutes, as
/// BEP 14 has it. An interface that comes back is greeted again, but none is ever more than once a minute, the two at the start apart. For one task.
/// </summary>
internal sealed class BeaconSchedule
{
    /// <summary>The first is spread over this, so that hosts switched on together do not all speak at once.</summary>
    public static readonly TimeSpan Spread = TimeSpan.FromMilliseconds(20);

    public static readonly TimeSpan Second = TimeSpan.FromSeconds(1);

    /// <summary>Plus or minus a tenth.</summary>
    public static readonly TimeSpan Interval = TimeSpan.FromMinutes(5);

    public static readonly TimeSpan Least = TimeSpan.FromMinutes(1);

    /// <summary>After a beacon that could not be sent: an address may not be usable yet.</summary>
    public static readonly TimeSpan Retry = TimeSpan.FromSeconds(5);

    private readonly TimeProvider _time;
    private readonly Random _random;
    private int _sent;
    private long _lastSent;
    private long _planned;
    private TimeSpan _delay;

    /// <summary>The interface is there now.</summary>
    public BeaconSchedule(TimeProvider time, Random random)
    {
        _time = time;
        _random = random;
        Plan(random.NextDouble() * Spread);
    }

    /// <summary>Until the next one is due, in whole milliseconds, for timers know no less; zero where it is due.</summary>
    public TimeSpan Wait
    {
        get
        {
            TimeSpan left = _delay - _time.GetElapsedTime(_planned);
            return left > TimeSpan.Zero ? TimeSpan.FromMilliseconds(Math.Ceiling(left.TotalMilliseconds)) : TimeSpan.Zero;
        }
    }

    /// <summary>True where forgetting it breaks no promise: nothing went out within the last minute.</summary>
    public bool IsSpent => _sent == 0 || _time.GetElapsedTime(_lastSent) >= Least;

    /// <summary>The interface was away and is there again.</summary>
    public void BeginAgain()
    {
        if (_sent == 0) return;
        TimeSpan soonest = Least - _time.GetElapsedTime(_lastSent);
        TimeSpan wanted = (soonest > TimeSpan.Zero ? soonest : TimeSpan.Zero) + (_random.NextDouble() * Spread);
        if (wanted < Wait) Plan(wanted);
    }

    public void Sent()
    {
        _sent++;
        _lastSent = _time.GetTimestamp();
        Plan(_sent == 1 ? Second : Interval * (0.9 + (0.2 * _random.NextDouble())));
    }

    public void Failed() => Plan(Retry);

    private void Plan(TimeSpan delay)
    {
        _planned = _time.GetTimestamp();
        _delay = delay;
    }
}
