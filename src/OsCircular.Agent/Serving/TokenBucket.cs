namespace OsCircular.Agent.Serving;

/// <summary>
/// A rate in bytes a second. Whoever takes may run the bucket into debt, and the next waits until it is paid: so even what is larger than the bucket gets
/// through, and the rate holds over time. Thread-safe.
/// </summary>
internal sealed class TokenBucket
{
    private readonly long _rate;
    private readonly long _capacity;
    private readonly TimeProvider _time;
    private readonly Lock _lock = new();

    // Guarded by _lock.
    private double _tokens;
    private long _filled;

    /// <param name="rate">Bytes a second, at least 1.</param>
    /// <param name="burst">How much may be saved up, as time at the rate.</param>
    public TokenBucket(long rate, TimeSpan burst, TimeProvider time)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(rate, 1);
        _rate = rate;
        _capacity = (long)(rate * burst.TotalSeconds);
        _time = time;
        _tokens = _capacity;
        _filled = time.GetTimestamp();
    }

    /// <summary>Takes <paramref name="bytes"/>, or nothing where the turn would come later than <paramref name="mostWait"/> from now.</summary>
    /// <param name="wait">How long to wait before sending; zero where it may go now.</param>
    /// <returns>Whether they were taken.</returns>
    public bool TryTake(long bytes, TimeSpan mostWait, out TimeSpan wait)
    {
        lock (_lock)
        {
            long now = _time.GetTimestamp();
            _tokens = Math.Min(_capacity, _tokens + (_rate * _time.GetElapsedTime(_filled, now).TotalSeconds));
            _filled = now;
            wait = _tokens >= 0 ? TimeSpan.Zero : TimeSpan.FromSeconds(-_tokens / _rate);
            if (wait > mostWait) return false;
            _tokens -= bytes;
            return true;
        }
    }
}
