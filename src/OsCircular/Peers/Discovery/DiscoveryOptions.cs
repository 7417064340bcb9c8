namespace OsCircular.Peers.Discovery;

/// <summary>Where to look for peers, beside the networks this host is on.</summary>
public sealed record DiscoveryOptions
{
    /// <summary>Named by the user.</summary>
    public IReadOnlyList<PeerAddressText> Peers { get; init; } = [];

    /// <summary>Announced to, across subnets.</summary>
    public IReadOnlyList<TrackerUrl> Trackers { get; init; } = [];

    /// <summary>Members of an earlier run.</summary>
    public IReadOnlyList<RememberedPeer> Remembered { get; init; } = [];
}
