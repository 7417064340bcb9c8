using System.Net;
using OsCircular.Peers;

namespace OsCircular.Agent.Serving;

/// <summary>Who asks: the id it gives, or, where it gives none, the address it speaks from.</summary>
internal readonly record struct Asker(PeerId? Peer, IPAddress Address)
{
    // Several agents may speak from one address, and one from several.
    public bool Equals(Asker other) => Peer is { } mine && other.Peer is { } theirs ? mine == theirs : Peer is null && other.Peer is null && Address.Equals(other.Address);

    public override int GetHashCode() => Peer?.GetHashCode() ?? Address.GetHashCode();
}

/// <summary>Bounds what is fetched on behalf of peers: fetches for one of them, memory for all. Holds an entry only for those that have one running. Thread-safe.</summary>
internal sealed class FetchLimit
{
    private readonly int _perPeer;
    private readonly long _memory;
    private readonly Lock _lock = new();

    // Guarded by _lock.
    private readonly Dictionary<Asker, int> _running = [];
    private int _all;
    private long _bytes;

    public FetchLimit(PeerServerOptions options)
    {
        _perPeer = options.FetchesPerPeer;
        _memory = options.FetchMemory;
    }

    /// <summary>Fetches that run now.</summary>
    public int Running
    {
        get
        {
            lock (_lock) return _all;
        }
    }

    /// <param name="bytes">Of memory that the fetch holds.</param>
    /// <returns>Null where there may be no more; else dispose it once, when the fetch has ended and its memory is given back.</returns>
    public FetchPlace? Enter(Asker asker, int bytes)
    {
        lock (_lock)
        {
            int running = _running.GetValueOrDefault(asker);
            if (running >= _perPeer || _bytes + bytes > _memory) return null;
            _running[asker] = running + 1;
            _all++;
            _bytes += bytes;
            return new FetchPlace(this, asker, bytes);
        }
    }

    internal void Leave(Asker asker, int bytes)
    {
        lock (_lock)
        {
            if (--_running[asker] == 0) _running.Remove(asker);
            _all--;
            _bytes -= bytes;
        }
    }
}

/// <summary>A fetch that is counted.</summary>
internal sealed class FetchPlace(FetchLimit limit, Asker asker, int bytes) : IDisposable
{
    public void Dispose() => limit.Leave(asker, bytes);
}
