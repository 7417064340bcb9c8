using OsCircular.Agent.Control;
using OsCircular.Agent.Serving;
using OsCircular.Peers;
using OsCircular.Peers.Discovery;

namespace OsCircular.Agent.Hosting;

/// <summary>Gathers what is known of the peers into reports.</summary>
internal static class PeersReporter
{
    /// <summary>For <c>peers</c>.</summary>
    public static PeersReport Report(AgentParts parts) => parts.Peers is not { } peers
        ? new PeersReport(null, [], [])
        : new PeersReport(
            Sum(parts),
            [.. peers.Status.Peers.Select(Peer)],
            [.. peers.Trackers.Select(tracker => new TrackerReport(
                tracker.Url, tracker.Problem, tracker.SinceAnswer?.TotalSeconds, tracker.UntilNext.TotalSeconds, tracker.Peers))]);

    /// <summary>For <c>status</c>; null where peers are off.</summary>
    public static PeersSumReport? Sum(AgentParts parts)
    {
        if (parts is not { Peers: { } peers, PeerServer: { } server }) return null;
        PeersStatus status = peers.Status;
        PeerServerStatus served = server.Status();
        return new PeersSumReport
        {
            Group = peers.Access.Group.ToString(),
            HasKey = peers.Access.Key is not null,
            Id = peers.Id.ToString(),
            Port = server.Port,
            Known = status.Peers.Count,
            Alive = status.Peers.Count(peer => peer.State is PeerState.Alive or PeerState.Resting),
            Banned = status.Peers.Count(peer => peer.State == PeerState.Banned),
            BytesReceived = status.Bytes,
            BytesSent = served.BytesOut,
            SparedBytes = status.Bytes,
            FetchedForOthers = status.FetchedForOthers,
            Duplicates = status.Duplicates,
            SummaryBytes = status.SummaryBytes,
            Answers = Words(served.Answers),
            Refusals = Words(served.Refusals),
            Beacons = Beacons(peers.Beacons),
        };
    }

    private static PeerReport Peer(PeerStatus peer) => new()
    {
        Address = peer.Address,
        Id = peer.Id.ToString(),
        State = peer.State.ToString().ToLowerInvariant(),
        Why = peer.Why,
        Repository = peer.Repository,
        Sequence = peer.Sequence,
        Fetches = peer.Fetches,
        Offers = peer.Offers,
        BytesReceived = peer.BytesReceived,
        BytesSent = peer.BytesSent,
        LatencySeconds = peer.Latency?.TotalSeconds,
        BytesPerSecond = peer.BytesPerSecond,
        Requests = peer.Requests,
        QuietSeconds = peer.Quiet.TotalSeconds,
        Bans = peer.Bans,
        LastError = peer.LastError,
    };

    private static Dictionary<string, long> Words<T>(IReadOnlyDictionary<T, long> counts) where T : struct, Enum =>
        counts.Where(count => count.Value > 0).ToDictionary(count => Word(count.Key.ToString()), count => count.Value);

    private static Dictionary<string, long> Beacons(BeaconCounters beacons) => new()
    {
        ["sent"] = beacons.Sent,
        ["heard"] = beacons.Heard,
        ["own"] = beacons.Own,
        ["otherGroup"] = beacons.OtherGroup,
        ["malformed"] = beacons.Malformed,
        ["strangers"] = beacons.Strangers,
        ["limited"] = beacons.Limited,
        ["passed"] = beacons.Passed,
    };

    private static string Word(string name) => char.ToLowerInvariant(name[0]) + name[1..];
}
