using OsCircular.Blocks;

namespace OsCircular.Publishing;

/// <summary>Passes progress on, but not more often than a person can read. Thread-safe; reports come one at a time.</summary>
internal sealed class PublishReporter(TimeProvider time, IProgress<PublishProgress>? progress, BlockGeometry geometry, TimeSpan every)
{
    private readonly Lock _gate = new();
    private PublishPhase _phase;
    private long _phaseBegan;
    private long _lastReport;

    /// <summary>Begins a phase, and reports it at once.</summary>
    public void Enter(PublishPhase phase)
    {
        lock (_gate)
        {
            _phase = phase;
            _phaseBegan = _lastReport = time.GetTimestamp();
            bool atEnd = phase == PublishPhase.Syncing;
            progress?.Report(new PublishProgress(phase, atEnd ? geometry.DiskSize : 0, geometry.DiskSize, 0, 0, TimeSpan.Zero));
        }
    }

    public void Report(BlockCounts counts, long blocksDone)
    {
        if (progress is null || !_gate.TryEnter()) return;
        try
        {
            bool last = blocksDone == geometry.BlockCount;
            if (!last && time.GetElapsedTime(_lastReport) < every) return;
            _lastReport = time.GetTimestamp();
            long done = Math.Min(geometry.DiskSize, geometry.OffsetOf(blocksDone));
            progress.Report(new PublishProgress(_phase, done, geometry.DiskSize, counts.BytesRead, counts.NewStoredBytes, time.GetElapsedTime(_phaseBegan)));
        }
        finally
        {
            _gate.Exit();
        }
    }
}
