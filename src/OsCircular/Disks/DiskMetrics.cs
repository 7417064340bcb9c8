using System.Diagnostics.Metrics;

namespace OsCircular.Disks;

/// <summary>The read path's counters, looked at when somebody collects them: reading costs nothing for it.</summary>
public static class DiskMetrics
{
    /// <summary>Makes the service's counters visible.</summary>
    public static void Publish(this DiskService disks, IMeterFactory meters)
    {
        Meter meter = meters.Create("OsCircular");
        Count("oscircular.disk.reads", "{read}", "Finished reads", status => status.Reads);
        Count("oscircular.disk.bytes", "By", "Bytes given to readers", status => status.Bytes);
        Count("oscircular.disk.failed_reads", "{read}", "Reads that ended with an error", status => status.FailedReads);
        Count("oscircular.disk.memory_reads", "{read}", "Reads that needed no load", status => status.ReadsFromMemory);
        Count("oscircular.disk.cache_loads", "{block}", "Blocks loaded from the cache", status => status.LoadsFromCache);
        Count("oscircular.disk.upstream_loads", "{block}", "Blocks loaded from the rest of the chain", status => status.LoadsFromUpstream);
        Count("oscircular.disk.ahead", "{block}", "Blocks asked for ahead of a reader", status => status.ReadAhead);
        Count("oscircular.disk.ahead_wasted", "{block}", "Blocks read ahead that nobody read", status => status.ReadAheadWasted);
        meter.CreateObservableUpDownCounter("oscircular.disk.waiting", () => disks.Status.WaitingReads, "{read}", "Reads that wait now");

        void Count(string name, string unit, string description, Func<DiskStatus, long> value) =>
            meter.CreateObservableCounter(name, () => value(disks.Status), unit, description);
    }
}
