using Microsoft.Extensions.Logging;
using OsCircular.Peers.Discovery;

namespace OsCircular.Peers;

/// <summary>Everything that finds peers, put together. Each part works alone.</summary>
internal sealed class PeerDiscovery : IDisposable
{
    private readonly DiscoveryOptions _options;
    private readonly IPeerFinds _finds;
    private readonly LocalServiceDiscovery _local;
    private readonly ConfiguredPeers _configured;
    private readonly TrackerClient _client;
    private readonly TrackerLoop[] _trackers;

    public PeerDiscovery(DiscoverySelf self, DiscoveryOptions options, IPeerFinds finds, Func<double> draw, TimeProvider time, ILogger logger)
    {
        _options = options;
        _finds = finds;
        Random Chance() => new((int)(draw() * int.MaxValue));
        _local = new LocalServiceDiscovery(self.Access.Group, self.Port, self.Access.Neighbours, self.Access.MayBeMember, finds, time, Chance(), logger);
        _configured = new ConfiguredPeers(options.Peers, finds, time, logger);
        _client = new TrackerClient(self.Access.Group, self.Id, self.Port, time);
        _trackers = [.. options.Trackers.Select(tracker => new TrackerLoop(tracker, _client, finds, time, Chance(), logger))];
    }

    public BeaconCounters Beacons => _local.Counters;
    public IReadOnlyList<TrackerStatus> Trackers => [.. _trackers.Select(tracker => tracker.Status)];

    /// <summary>Begins to look.</summary>
    public void Run(PeerTasks tasks)
    {
        foreach (RememberedPeer peer in _options.Remembered) _finds.Found(peer.Address, PeerFindSource.Remembered);
        tasks.Run("local service discovery", _local.RunAsync);
        if (_options.Peers.Count > 0) tasks.Run("resolving configured peers", _configured.RunAsync);
        foreach (TrackerLoop tracker in _trackers) tasks.Run("announcing to a tracker", tracker.RunAsync);
    }

    /// <summary>To be called when its tasks have ended.</summary>
    public void Dispose() => _client.Dispose();
}

/// <summary>Who looks for peers.</summary>
internal readonly record struct DiscoverySelf(PeerAccess Access, PeerId Id, int Port);
