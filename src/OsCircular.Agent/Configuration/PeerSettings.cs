using System.Net;
using OsCircular.Peers.Access;
using OsCircular.Peers.Discovery;
using OsCircular.Sources.Rates;

namespace OsCircular.Agent.Configuration;

/// <summary>What the user wants of the agent's peers.</summary>
public sealed record PeerSettings
{
    public const string DefaultGroup = "default";

    /// <summary>With its key, where there is one.</summary>
    public PeerGroup Group { get; init; } = new(DefaultGroup);

    /// <summary>Where to listen; null: the usual port on every address, or any free one.</summary>
    public IPEndPoint? Listen { get; init; }

    /// <summary>Named by the user.</summary>
    public IReadOnlyList<PeerAddressText> Addresses { get; init; } = [];

    public IReadOnlyList<TrackerUrl> Trackers { get; init; } = [];

    /// <summary>Names of the network interfaces that peers may be on; empty: all that lead to a LAN.</summary>
    public IReadOnlyList<string> Interfaces { get; init; } = [];

    /// <summary>Bytes a second sent to all peers together.</summary>
    public RateSchedule UploadRate { get; init; } = RateSchedule.None;

    /// <summary>Bytes a second taken from all peers together.</summary>
    public RateSchedule PeerRate { get; init; } = RateSchedule.None;
}
