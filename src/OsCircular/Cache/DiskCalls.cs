namespace OsCircular.Cache;

/// <summary>The calls on the cache disk that have not come back yet. Thread-safe; allocates nothing once it has grown.</summary>
internal sealed class DiskCalls(TimeProvider time)
{
    private readonly Lock _gate = new();
    private readonly Stack<int> _free = new();

    // When each began; 0 for a place that is free.
    private readonly List<long> _began = [];

    /// <summary>A call begins; it ends when the token is disposed.</summary>
    public DiskCall Begin()
    {
        long now = time.GetTimestamp();
        lock (_gate)
        {
            if (!_free.TryPop(out int place))
            {
                place = _began.Count;
                _began.Add(0);
            }

            _began[place] = now == 0 ? 1 : now;
            return new DiskCall(this, place);
        }
    }

    /// <summary>Whether one has been under way for so long.</summary>
    public bool AnyLongerThan(TimeSpan limit)
    {
        long now = time.GetTimestamp();
        lock (_gate)
        {
            foreach (long began in _began)
            {
                if (began != 0 && time.GetElapsedTime(began, now) > limit) return true;
            }
        }

        return false;
    }

    internal void End(int place)
    {
        lock (_gate)
        {
            _began[place] = 0;
            _free.Push(place);
        }
    }
}

/// <summary>A call under way. Dispose once.</summary>
internal readonly ref struct DiskCall(DiskCalls calls, int place)
{
    public void Dispose() => calls.End(place);
}
