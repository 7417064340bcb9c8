namespace OsCircular.Publishing;

/// <summary>Says now and then that a report is due. Thread-safe: one caller is told for each interval.</summary>
internal sealed class Pace(TimeProvider time, TimeSpan every)
{
    private long _last = time.GetTimestamp();

    public bool IsDue()
    {
        long last = Interlocked.Read(ref _last);
        return time.GetElapsedTime(last) >= every && Interlocked.CompareExchange(ref _last, time.GetTimestamp(), last) == last;
    }
}
