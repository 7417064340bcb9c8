using System.Diagnostics.Metrics;
using OsCircular.Sources;

namespace OsCircular.Peers;

/// <summary>What peers cost and yield.</summary>
public sealed class PeerMetrics
{
    private readonly Counter<long> _bytes;
    private readonly Counter<long> _requests;
    private readonly Counter<long> _hedges;
    private readonly Counter<long> _duplicates;
    private long _wrongBytes;

    public PeerMetrics(IMeterFactory meters)
    {
        Meter meter = meters.Create("OsCircular");
        _bytes = meter.CreateCounter<long>("oscircular.peer.bytes", "By", "Good bytes from a peer");
        _requests = meter.CreateCounter<long>("oscircular.peer.requests", "{request}", "Requests to peers for blocks and documents, by peer and outcome");
        _hedges = meter.CreateCounter<long>("oscircular.peer.hedges", "{request}", "Others asked because a peer was late");
        _duplicates = meter.CreateCounter<long>("oscircular.peer.duplicates", "{block}", "Blocks that this host and another both fetched from a mirror");
    }

    /// <summary>Answers with wrong bytes, also of peers that are forgotten.</summary>
    public long WrongBytes => Interlocked.Read(ref _wrongBytes);

    public void Asked(string peer, SourceError error, int bytes)
    {
        if (error == SourceError.Invalid) Interlocked.Increment(ref _wrongBytes);
        if (_requests.Enabled) _requests.Add(1, new("peer", peer), new("outcome", error.ToString()));
        if (_bytes.Enabled && bytes > 0) _bytes.Add(bytes, new KeyValuePair<string, object?>("peer", peer));
    }

    public void Hedged() => _hedges.Add(1);

    public void Duplicated() => _duplicates.Add(1);
}
