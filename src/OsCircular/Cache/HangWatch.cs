namespace OsCircular.Cache;

/// <summary>
/// Notices that a disk hangs: that some call on it has not come back for longer than any working disk takes. From then on no other is made until all are back,
/// so a hanging disk holds only the threads that were in it when it stopped. A look at the folder every second makes sure that there is such a call, though nobody reads.
/// </summary>
internal sealed class HangWatch : IDisposable
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);

    private readonly CacheHealth _health;
    private readonly TimeSpan _limit;
    private readonly TimeProvider _time;
    private ITimer? _timer;
    private int _looking;

    public HangWatch(CacheHealth health, TimeSpan limit, TimeProvider time)
    {
        _health = health;
        _limit = limit;
        _time = time;
        Reads = new DiskCalls(time);
        Writes = new DiskCalls(time);
    }

    /// <summary>What reads the disk.</summary>
    public DiskCalls Reads { get; }

    /// <summary>What changes it. Not what waits for its plates (fsync): that may take long on a disk that is merely busy.</summary>
    public DiskCalls Writes { get; }

    /// <param name="threads">On which the disk is looked at.</param>
    /// <param name="look">Asks something of the disk.</param>
    public void Start(DiskThreads threads, Func<bool> look) => _timer = _time.CreateTimer(_ => Tick(threads, look), null, Interval, Interval);

    public void Dispose() => _timer?.Dispose();

    private void Tick(DiskThreads threads, Func<bool> look)
    {
        _health.Hangs(Reads.AnyLongerThan(_limit), Writes.AnyLongerThan(_limit));
        if (!_health.ReadsHang && Interlocked.Exchange(ref _looking, 1) == 0) _ = LookAsync(threads, look);
    }

    private async Task LookAsync(DiskThreads threads, Func<bool> look)
    {
        await threads.RunAsync(() => Counted(look), otherwise: false).ConfigureAwait(false);
        Volatile.Write(ref _looking, 0);
    }

    private bool Counted(Func<bool> look)
    {
        using DiskCall call = Reads.Begin();
        return look();
    }
}
