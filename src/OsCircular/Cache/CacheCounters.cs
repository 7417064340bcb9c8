namespace OsCircular.Cache;

/// <summary>What happened to this cache, over all runs. Thread-safe; each number only grows.</summary>
public sealed class CacheCounters
{
    private readonly long[] _values = new long[Enum.GetValues<CacheCounter>().Length];
    private readonly long[] _earlier = new long[Enum.GetValues<CacheCounter>().Length];

    public long this[CacheCounter counter] => Interlocked.Read(ref _values[(int)counter]);

    /// <summary>What this run counted, without the earlier ones.</summary>
    public long SinceStart(CacheCounter counter) => this[counter] - Interlocked.Read(ref _earlier[(int)counter]);

    internal void Add(CacheCounter counter, long value = 1) => Interlocked.Add(ref _values[(int)counter], value);

    internal long[] ToArray() => [.. _values.Select((_, i) => this[(CacheCounter)i])];

    /// <summary>Adds what earlier runs counted.</summary>
    internal void Restore(long[] earlier)
    {
        for (int i = 0; i < Math.Min(earlier.Length, _values.Length); i++)
        {
            Interlocked.Add(ref _earlier[i], earlier[i]);
            Add((CacheCounter)i, earlier[i]);
        }
    }

    internal void AddStored(SourceKind from, long bytes)
    {
        CacheCounter? counter = from switch
        {
            SourceKind.Mirror => CacheCounter.BytesFromMirrors,
            SourceKind.Peer => CacheCounter.BytesFromPeers,
            SourceKind.Import => CacheCounter.BytesFromImports,
            _ => null,
        };
        if (counter is { } known) Add(known, bytes);
    }
}

/// <summary>The numbers are positions in the catalogue's header: add at the end, never reuse one.</summary>
public enum CacheCounter
{
    Hits = 0,
    HitBytes = 1,
    Misses = 2,

    /// <summary>Block files and documents found not to be what their name says.</summary>
    Damaged = 3,

    /// <summary>Damaged ones fetched and stored anew.</summary>
    Healed = 4,
    Evicted = 5,
    EvictedBytes = 6,

    /// <summary>Blocks that were fetched and not kept: no room, or a disk that failed.</summary>
    NotStored = 7,
    BytesFromMirrors = 8,
    BytesFromPeers = 9,
    BytesFromImports = 10,
}
