namespace OsCircular.Peers.Membership;

/// <summary>Lets through what others could cause without end, once in a while. Thread-safe.</summary>
internal sealed class Seldom(TimeSpan interval, TimeProvider time)
{
    private readonly Lock _lock = new();
    private long? _at;

    /// <summary>Whether it is time again; where so, it is counted.</summary>
    public bool IsDue()
    {
        lock (_lock)
        {
            if (_at is { } at && time.GetElapsedTime(at) < interval) return false;
            _at = time.GetTimestamp();
            return true;
        }
    }
}
