using System.Diagnostics.Metrics;

namespace OsCircular.TestKit.Mirrors;

/// <summary>Meters that nobody reads.</summary>
public sealed class TestMeters : IMeterFactory
{
    private readonly List<Meter> _meters = [];

    public Meter Create(MeterOptions options)
    {
        var meter = new Meter(options);
        _meters.Add(meter);
        return meter;
    }

    public bool Made(Meter meter) => _meters.Contains(meter);

    public void Dispose()
    {
        foreach (Meter meter in _meters) meter.Dispose();
    }
}
