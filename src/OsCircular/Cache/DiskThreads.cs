namespace OsCircular.Cache;

/// <summary>
/// Threads for calls on the cache disk that nobody may have to wait for without an end. One that does not come back holds its thread, a few at most, and not
/// its asker. Thread-safe.
/// </summary>
internal sealed class DiskThreads : IDisposable
{
    private readonly object _gate = new();
    private readonly Queue<Action> _queue = new();
    private readonly TimeSpan _limit;
    private readonly TimeProvider _time;
    private bool _isEnding;

    /// <param name="name">For those who look at threads.</param>
    /// <param name="count">How many calls go on at once.</param>
    /// <param name="limit">How long a call is waited for, its turn included.</param>
    /// <param name="time">Of that limit.</param>
    public DiskThreads(string name, int count, TimeSpan limit, TimeProvider time)
    {
        _limit = limit;
        _time = time;
        for (int i = 1; i <= count; i++) new Thread(Work) { IsBackground = true, Name = $"{name} {i}" }.Start();
    }

    /// <summary>Does the work on one of the threads.</summary>
    /// <param name="work">May go on after this has returned: what it uses must then be its own.</param>
    /// <param name="otherwise">What is returned where it does not end in time, or all is ending.</param>
    /// <param name="unwanted">Told on the thread of a result that came too late.</param>
    public async ValueTask<T> RunAsync<T>(Func<T> work, T otherwise, Action<T>? unwanted = null)
    {
        DiskJob<T> job = new(work, unwanted);
        if (!TryAdd(job.Do)) return otherwise;
        try
        {
            return await job.Result.WaitAsync(_limit, _time).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            return await job.GiveUpAsync(otherwise).ConfigureAwait(false);
        }
    }

    /// <summary>Lets the threads go as soon as their calls come back.</summary>
    public void Dispose()
    {
        lock (_gate)
        {
            _isEnding = true;
            Monitor.PulseAll(_gate);
        }
    }

    private bool TryAdd(Action job)
    {
        lock (_gate)
        {
            if (_isEnding) return false;
            _queue.Enqueue(job);
            Monitor.Pulse(_gate);
            return true;
        }
    }

    private void Work()
    {
        while (TryTake() is { } job) job();
    }

    // What is queued when all ends is still done: its asker waits for it.
    private Action? TryTake()
    {
        lock (_gate)
        {
            while (_queue.Count == 0 && !_isEnding) Monitor.Wait(_gate);
            return _queue.TryDequeue(out Action? job) ? job : null;
        }
    }
}
