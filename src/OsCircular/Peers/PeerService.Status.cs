using OsCircular.Peers.Discovery;
using OsCircular.Peers.Membership;
using OsCircular.Sources.Transfers;

namespace OsCircular.Peers;

/// <summary>What this agent tells of its peers.</summary>
public sealed partial class PeerService
{
    /// <summary>Every peer, the most useful first, and all of them together.</summary>
    public PeersStatus Status
    {
        get
        {
            PeerStatus[] peers = [.. _peers.Members.All.Select(Describe).OrderByDescending(peer => peer.BytesReceived).ThenBy(peer => peer.Address, StringComparer.Ordinal)];
            return new PeersStatus(peers, _source.Blocks + _holders.Blocks, peers.Sum(peer => peer.BytesReceived), _homes?.Bytes ?? 0, _duplicates.Count, _room.Bytes, _metrics.WrongBytes);
        }
    }

    /// <summary>Beacons since the start; all zero before it.</summary>
    public BeaconCounters Beacons => _discovery?.Beacons ?? default;

    public IReadOnlyList<TrackerStatus> Trackers => _discovery?.Trackers ?? [];

    private static PeerStatus Describe(Member member)
    {
        TransferCounts held = member.Link.Held;
        TransferCounts fetched = member.Link.Fetched;
        PeerHello hello = member.Hello;
        (PeerState state, string? why) = StateOf(member);
        return new PeerStatus
        {
            Address = member.Address.ToString(),
            Id = member.Id,
            State = state,
            Why = why,
            Repository = hello.Repository,
            Sequence = hello.Sequence,
            Fetches = hello.Fetches,
            Offers = member.Summary.Names,
            BytesReceived = held.Bytes + fetched.Bytes,
            BytesSent = member.BytesSent,
            Latency = held.Latency,
            BytesPerSecond = held.BytesPerSecond,
            Requests = held.Requests + fetched.Requests,
            Quiet = member.Quiet,
            Bans = member.Conduct.Bans,
            LastError = held.LastError ?? fetched.LastError,
        };
    }

    private static (PeerState State, string? Why) StateOf(Member member)
    {
        (bool banned, TimeSpan left, string? reason) = member.Conduct.Ban;
        if (banned) return (PeerState.Banned, $"{reason}; for {left.TotalSeconds:0} s more");
        if (!member.IsAlive) return (PeerState.Silent, $"did not answer {member.Misses} times, last heard of {member.Quiet.TotalSeconds:0} s ago");
        if (member.Link.IsResting) return (PeerState.Resting, "failed too often when asked for blocks");
        if (!member.Trust.IsTrusted) return (PeerState.Alive, "does not hold what its summary says: the summary is passed over for now");
        return (PeerState.Alive, member.KeepsSummary ? null : "its summary is too large to be kept");
    }
}
