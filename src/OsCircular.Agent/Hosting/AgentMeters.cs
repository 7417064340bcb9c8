using System.Diagnostics.Metrics;

namespace OsCircular.Agent.Hosting;

/// <summary>Makes the meters of this process, and ends them with it.</summary>
internal sealed class AgentMeters : IMeterFactory
{
    private readonly Lock _lock = new();
    private readonly List<Meter> _meters = [];

    public Meter Create(MeterOptions options)
    {
        options.Scope = this;
        Meter meter = new(options);
        lock (_lock) _meters.Add(meter);
        return meter;
    }

    public void Dispose()
    {
        lock (_lock)
        {
            foreach (Meter meter in _meters) meter.Dispose();
            _meters.Clear();
        }
    }
}
