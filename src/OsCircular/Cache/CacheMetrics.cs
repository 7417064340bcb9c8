using System.Diagnostics.Metrics;

namespace OsCircular.Cache;

/// <summary>The cache's counters, looked at when somebody collects them: reading and storing cost nothing for it.</summary>
public static class CacheMetrics
{
    /// <summary>Makes the cache's counters visible.</summary>
    public static void Publish(this BlockCache cache, IMeterFactory meters)
    {
        Meter meter = meters.Create("OsCircular");
        Count("oscircular.cache.hits", "{block}", "Blocks read from the cache", CacheCounter.Hits);
        Count("oscircular.cache.hit_bytes", "By", "Bytes of block files read from the cache", CacheCounter.HitBytes);
        Count("oscircular.cache.misses", "{block}", "Blocks that the cache did not hold, or not whole", CacheCounter.Misses);
        Count("oscircular.cache.damaged", "{file}", "Files found damaged and set aside", CacheCounter.Damaged);
        Count("oscircular.cache.healed", "{block}", "Damaged blocks fetched and stored anew", CacheCounter.Healed);
        Count("oscircular.cache.evicted", "{block}", "Blocks evicted", CacheCounter.Evicted);
        Count("oscircular.cache.not_stored", "{block}", "Blocks used without being kept", CacheCounter.NotStored);
        meter.CreateObservableUpDownCounter("oscircular.cache.held", () => cache.Totals.BlockBytes, "By", "Bytes of block files held");
        meter.CreateObservableUpDownCounter("oscircular.cache.blocks", () => cache.Totals.Blocks, "{block}", "Blocks held");

        void Count(string name, string unit, string description, CacheCounter counter) =>
            meter.CreateObservableCounter(name, () => cache.Counters[counter], unit, description);
    }
}
