using System.Diagnostics.CodeAnalysis;
using OsCircular.Sources;

namespace OsCircular.Disks;

/// <summary>
/// Reads that had to wait, oldest first. All have the same time limit, so that is also the order in which their time ends, and one timer serves them all.
/// Not thread-safe.
/// </summary>
internal sealed class WaitingReads(TimeSpan limit, TimeProvider time, Action expire) : IDisposable
{
    private readonly LinkedList<DiskRead> _reads = new();
    private ITimer? _timer;
    private bool _armed;

    public int Count => _reads.Count;
    public DiskRead? Oldest => _reads.First?.Value;

    /// <summary>Starts a read's time, unless it runs already.</summary>
    public void Add(DiskRead read)
    {
        if (read.Waiting.List is not null) return;
        read.Deadline = Deadline.In(limit, time);
        _reads.AddLast(read.Waiting);
        if (!_armed) Arm(limit);
    }

    public void Remove(DiskRead read) => read.Waiting.List?.Remove(read.Waiting);

    public bool TryTakeExpired([NotNullWhen(true)] out DiskRead? read)
    {
        read = Oldest;
        if (read is null || !read.Deadline.HasPassed) return false;
        Remove(read);
        return true;
    }

    /// <summary>To be called when the timer has fired and the expired reads are gone.</summary>
    public void Rearm()
    {
        _armed = false;
        if (Oldest is { } oldest) Arm(oldest.Deadline.Remaining);
    }

    public void Dispose() => _timer?.Dispose();

    private void Arm(TimeSpan due)
    {
        // Left running when the list empties: a spurious call a minute costs less than setting a timer for each read.
        _armed = true;
        TimeSpan atLeast = due > TimeSpan.FromMilliseconds(1) ? due : TimeSpan.FromMilliseconds(1);
        if (_timer is null) _timer = time.CreateTimer(_ => expire(), null, atLeast, Timeout.InfiniteTimeSpan);
        else _timer.Change(atLeast, Timeout.InfiniteTimeSpan);
    }
}
