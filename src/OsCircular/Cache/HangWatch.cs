namespace OsCircular.Cache;

/// <summary>
/// Notices that a disk hangs: that some call on it has not come back for longer than any working disk takes. From then on no other is made until all are back,
/// so a hanging disk holds only the threads that were in it when it stopped. Asks nothing of the disk itself.
/// </summary>
internal sealed class HangWatch : IDisposable
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);

    private readonly CacheHealth _health;
    private readonly TimeSpan _limit;
    private readonly TimeProvider _time;
    private ITimer? _timer;

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

    public void Start() => _timer = _time.CreateTimer(_ => Look(), null, Interval, Interval);

    public void Dispose() => _timer?.Dispose();

    private void Look() => _health.Hangs(Reads.AnyLongerThan(_limit), Writes.AnyLongerThan(_limit));
}
