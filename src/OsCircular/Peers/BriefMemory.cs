using System.Collections.Concurrent;

namespace OsCircular.Peers;

/// <summary>What happened just now, remembered for a moment. Bounded: forgetting costs a request, memory without end would cost more. Thread-safe.</summary>
/// <param name="length">How long.</param>
/// <param name="time">The clock.</param>
internal sealed class BriefMemory<TKey>(TimeSpan length, TimeProvider time) where TKey : notnull
{
    public const int Most = 1024;

    private readonly ConcurrentDictionary<TKey, long> _noted = new();
    private int _count;

    public void Note(TKey key)
    {
        // Counted here: the dictionary's own count takes all of its locks.
        if (Volatile.Read(ref _count) >= Most)
        {
            _noted.Clear();
            Volatile.Write(ref _count, 0);
        }

        if (_noted.TryAdd(key, time.GetTimestamp())) Interlocked.Increment(ref _count);
        else _noted[key] = time.GetTimestamp();
    }

    public bool Has(TKey key) => _noted.TryGetValue(key, out long at) && time.GetElapsedTime(at) < length;
}
