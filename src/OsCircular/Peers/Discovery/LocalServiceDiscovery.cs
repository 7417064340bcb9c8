using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Logging;

namespace OsCircular.Peers.Discovery;

/// <summary>
/// Finds the members on the directly connected networks by BEP 14: says that this agent is there, and hears the others. Two families of addresses, each for itself:
/// where one cannot be had, the other goes on.
/// </summary>
public sealed class LocalServiceDiscovery
{
    private readonly BeaconFilter _filter;
    private readonly BeaconChannel[] _channels;

    /// <param name="group">Ours.</param>
    /// <param name="port">Where this agent listens, 1 to 65535.</param>
    /// <param name="neighbours">Which interfaces to use.</param>
    /// <param name="mayBeMember">Whether a peer may have this address; <see cref="Neighbours.MayBeMember"/> where there is no group key.</param>
    /// <param name="finds">What is found.</param>
    /// <param name="random">Asked here and not kept.</param>
    public LocalServiceDiscovery(
        PeerId group, int port, Neighbours neighbours, Func<IPAddress, bool> mayBeMember, IPeerFinds finds, TimeProvider time, Random random, ILogger logger)
    {
        byte[] cookie = new byte[8];
        random.NextBytes(cookie);
        var own = new Beacon([group], port, Convert.ToHexStringLower(cookie), BeaconKind.Hello);
        _filter = new BeaconFilter(group, own.Cookie, mayBeMember, time);
        BeaconChannel Channel(AddressFamily family) => new(family, own, _filter, neighbours, finds, time, new Random(random.Next()), logger);
        _channels = [Channel(AddressFamily.InterNetwork), Channel(AddressFamily.InterNetworkV6)];
    }

    public BeaconCounters Counters => _filter.Counters;

    /// <summary>Looks until cancelled; then says good-bye, within 100 ms, and completes without an error. Once.</summary>
    public Task RunAsync(CancellationToken cancellationToken) => Task.WhenAll(_channels.Select(channel => channel.RunAsync(cancellationToken)));
}
