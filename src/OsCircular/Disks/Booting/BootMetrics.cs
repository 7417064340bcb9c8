using System.Diagnostics.Metrics;

namespace OsCircular.Disks.Booting;

/// <summary>The counters of fetching by profile, looked at when somebody collects them.</summary>
public static class BootMetrics
{
    /// <summary>Makes the fetcher's counters visible.</summary>
    public static void Publish(this BootFetcher boots, IMeterFactory meters)
    {
        Meter meter = meters.Create("OsCircular");
        meter.CreateObservableCounter("oscircular.boot.blocks", () => boots.Totals.Blocks, "{block}", "Blocks fetched by profile ahead of guests");
        meter.CreateObservableCounter("oscircular.boot.bytes", () => boots.Totals.Bytes, "By", "Stored bytes of those blocks");
        meter.CreateObservableUpDownCounter(
            "oscircular.boot.running", () => boots.Progress.Count(boot => boot.State == BootState.Fetching), "{disk}", "Disks that are fetched for now");
    }
}
