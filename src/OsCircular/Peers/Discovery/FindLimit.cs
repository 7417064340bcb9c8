using System.Net;

namespace OsCircular.Peers.Discovery;

/// <summary>
/// How many beacons lead to a find, whatever arrives: anybody on the network can send them, from any source address. Bounded in memory. Not thread-safe.
/// </summary>
internal sealed class FindLimit(TimeProvider time)
{
    /// <summary>The same port of the same address is not found again sooner, unless it said good-bye in between.</summary>
    public static readonly TimeSpan Again = TimeSpan.FromSeconds(10);

    /// <summary>Of one address within <see cref="Again"/>: a host may run several agents, and one may be restarted.</summary>
    public const int MostOfOneSource = 8;

    /// <summary>
    /// Addresses remembered; the one silent for longest is forgotten first. More than can pass within <see cref="Again"/>, so forgetting lets nothing through.
    /// </summary>
    public const int MostSources = 512;

    /// <summary>Within any second, of all addresses together. Where more hosts than that are switched on at once, the first ones greeted name the others.</summary>
    public const int MostPerSecond = 50;

    private readonly OrderedDictionary<IPAddress, List<Word>> _sources = new(MostSources);
    private readonly Queue<long> _lastSecond = new(MostPerSecond);

    public int Sources => _sources.Count;

    /// <summary>Whether to pass on what this beacon says; where so, it is counted.</summary>
    public bool Allows(IPAddress from, int port, BeaconKind kind)
    {
        long now = time.GetTimestamp();
        List<Word> words = _sources.TryGetValue(from, out List<Word>? known) ? known : [];
        words.RemoveAll(word => time.GetElapsedTime(word.At, now) >= Again);
        if (words.Count >= MostOfOneSource) return false;
        if (words.FindLastIndex(word => word.Port == port) is >= 0 and int last && words[last].Kind == kind) return false;
        if (!OverallAllows(now)) return false;

        words.Add(new Word(port, kind, now));
        Remember(from, words);
        return true;
    }

    private bool OverallAllows(long now)
    {
        if (_lastSecond.Count == MostPerSecond)
        {
            if (time.GetElapsedTime(_lastSecond.Peek(), now) < TimeSpan.FromSeconds(1)) return false;
            _lastSecond.Dequeue();
        }

        _lastSecond.Enqueue(now);
        return true;
    }

    // Taken out and put in again, it stands last. That moves at most 512 entries, at most 50 times a second.
    private void Remember(IPAddress from, List<Word> words)
    {
        if (!_sources.Remove(from) && _sources.Count == MostSources) _sources.RemoveAt(0);
        _sources.Add(from, words);
    }

    private readonly record struct Word(int Port, BeaconKind Kind, long At);
}
