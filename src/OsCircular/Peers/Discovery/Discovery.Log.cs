using Microsoft.Extensions.Logging;
using OsCircular.Diagnostics;

namespace OsCircular.Peers.Discovery;

/// <summary>Ids 950 to 969.</summary>
internal static partial class DiscoveryLog
{
    private const int First = EventIds.Peers + 50;

    [LoggerMessage(First + 0, LogLevel.Information, "peers are looked for by {Family} multicast on {Interfaces}")]
    public static partial void ListensOn(this ILogger logger, string family, string interfaces);

    [LoggerMessage(First + 1, LogLevel.Warning, "no {Family} multicast, peers are looked for without it: {Problem}")]
    public static partial void NoMulticast(this ILogger logger, string family, string problem);

    [LoggerMessage(First + 2, LogLevel.Debug, "{Family} beacon on {Interface} not sent: {Problem}")]
    public static partial void BeaconNotSent(this ILogger logger, string family, string @interface, string problem);

    [LoggerMessage(First + 3, LogLevel.Debug, "{Family} multicast group on {Interface}: {Problem}")]
    public static partial void NotJoined(this ILogger logger, string family, string @interface, string problem);

    [LoggerMessage(First + 4, LogLevel.Warning, "the network interfaces could not be read: {Problem}")]
    public static partial void InterfacesNotRead(this ILogger logger, string problem);

    [LoggerMessage(First + 5, LogLevel.Warning, "peer {Peer}: no address found, asked again every {Seconds} s: {Problem}")]
    public static partial void PeerNotResolved(this ILogger logger, string peer, double seconds, string problem);

    [LoggerMessage(First + 6, LogLevel.Information, "peer {Peer} is at {Addresses}")]
    public static partial void PeerResolved(this ILogger logger, string peer, string addresses);

    [LoggerMessage(First + 7, LogLevel.Information, "tracker {Tracker} answers")]
    public static partial void TrackerAnswers(this ILogger logger, string tracker);

    [LoggerMessage(First + 8, LogLevel.Warning, "tracker {Tracker}: {Problem}")]
    public static partial void TrackerFails(this ILogger logger, string tracker, string problem);
}
