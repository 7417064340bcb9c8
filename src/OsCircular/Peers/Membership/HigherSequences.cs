namespace OsCircular.Peers.Membership;

/// <summary>
/// Which announcements of a newer head are worth a look: a higher one than any before, or any a minute later; never two within five seconds, for anybody may announce
/// anything. Thread-safe.
/// </summary>
internal sealed class HigherSequences(TimeProvider time)
{
    private static readonly TimeSpan Least = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan Again = TimeSpan.FromMinutes(1);

    private readonly Lock _lock = new();
    private long _highest;
    private long? _at;

    /// <param name="sequence">Higher than this host's.</param>
    public bool IsNews(long sequence)
    {
        lock (_lock)
        {
            TimeSpan since = _at is { } at ? time.GetElapsedTime(at) : TimeSpan.MaxValue;
            if (since < Least || (sequence <= _highest && since < Again)) return false;
            _highest = sequence;
            _at = time.GetTimestamp();
            return true;
        }
    }
}
