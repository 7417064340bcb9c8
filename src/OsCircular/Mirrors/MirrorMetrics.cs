using System.Diagnostics.Metrics;
using OsCircular.Sources;

namespace OsCircular.Mirrors;

/// <summary>What mirrors cost and yield.</summary>
public sealed class MirrorMetrics
{
    private readonly Counter<long> _bytes;
    private readonly Counter<long> _requests;
    private readonly Counter<long> _hedges;
    private readonly Counter<long> _retries;
    private readonly Histogram<double> _firstByte;

    public MirrorMetrics(IMeterFactory meters)
    {
        Meter meter = meters.Create("OsCircular");
        _bytes = meter.CreateCounter<long>("oscircular.mirror.bytes", "By", "Good bytes from a mirror");
        _requests = meter.CreateCounter<long>("oscircular.mirror.requests", "{request}", "Attempts, by mirror and outcome");
        _hedges = meter.CreateCounter<long>("oscircular.mirror.hedges", "{request}", "Second mirrors asked because the first was late");
        _retries = meter.CreateCounter<long>("oscircular.mirror.retries", "{round}", "Rounds over all mirrors after one that failed");
        _firstByte = meter.CreateHistogram<double>("oscircular.mirror.first_byte", "s", "Time to the first byte");
    }

    public void Attempted(string mirror, SourceError error, int bytes)
    {
        if (_requests.Enabled) _requests.Add(1, new("mirror", mirror), new("outcome", error.ToString()));
        if (_bytes.Enabled && bytes > 0) _bytes.Add(bytes, new KeyValuePair<string, object?>("mirror", mirror));
    }

    public void Began(string mirror, double seconds)
    {
        if (_firstByte.Enabled) _firstByte.Record(seconds, new KeyValuePair<string, object?>("mirror", mirror));
    }

    public void Hedged() => _hedges.Add(1);

    public void Retried() => _retries.Add(1);
}
