namespace OsCircular.Mirrors;

/// <summary>Since when no mirror has answered. A young outage is waited out, an old one is not. Thread-safe.</summary>
internal sealed class Outage
{
    // Failures further apart than this are not one outage: an idle host asks nobody.
    private static readonly TimeSpan Apart = TimeSpan.FromSeconds(30);

    // Later than this a mirror may be back, and only asking tells.
    private static readonly TimeSpan Recent = TimeSpan.FromSeconds(15);

    private readonly TimeProvider _time;
    private readonly TimeSpan _grace;
    private readonly Lock _lock = new();
    private long? _since;
    private long _lastFailure;

    public Outage(TimeProvider time, TimeSpan grace)
    {
        _time = time;
        _grace = grace;
    }

    /// <summary>Some mirror answered.</summary>
    public void End()
    {
        lock (_lock) _since = null;
    }

    /// <summary>Whether no mirror has answered for longer than the grace, and one was asked a moment ago.</summary>
    public bool IsOn
    {
        get
        {
            lock (_lock)
            {
                long now = _time.GetTimestamp();
                return _since is { } since && _time.GetElapsedTime(since, now) >= _grace && _time.GetElapsedTime(_lastFailure, now) < Recent;
            }
        }
    }

    /// <summary>All mirrors failed.</summary>
    /// <returns>Whether the outage is young enough to try again.</returns>
    public bool GoesOn()
    {
        lock (_lock)
        {
            long now = _time.GetTimestamp();
            if (_since is null || _time.GetElapsedTime(_lastFailure, now) > Apart) _since = now;
            _lastFailure = now;
            return _time.GetElapsedTime(_since.Value, now) < _grace;
        }
    }
}
