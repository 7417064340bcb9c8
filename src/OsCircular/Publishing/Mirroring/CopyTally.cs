using OsCircular.Publishing.Collecting;

namespace OsCircular.Publishing.Mirroring;

/// <summary>Counts what is fetched and what was there. Thread-safe.</summary>
internal sealed class CopyTally(IProgress<CopyProgress>? progress, Pace pace)
{
    private readonly Lock _gate = new();
    private FileSum _fetched;
    private FileSum _had;

    public CopyProgress Now
    {
        get
        {
            lock (_gate) return new CopyProgress(_fetched, _had);
        }
    }

    public void Fetched(long bytes)
    {
        lock (_gate) _fetched = _fetched.Plus(bytes);
        if (progress is not null && pace.IsDue()) progress.Report(Now);
    }

    public void Had(long bytes)
    {
        lock (_gate) _had = _had.Plus(bytes);
        if (progress is not null && pace.IsDue()) progress.Report(Now);
    }
}
