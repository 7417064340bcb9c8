using System.Net;
using System.Net.NetworkInformation;
using System.Net.Sockets;
using Microsoft.Extensions.Logging;

namespace OsCircular.Peers.Discovery;

/// <summary>
/// Who is a neighbour: the hosts of the directly connected subnets and this one, but not what lies behind tunnels or behind bridges to guests and containers.
/// Thread-safe.
/// </summary>
public sealed class Neighbours
{
    /// <summary>The interfaces are read no more often.</summary>
    public static readonly TimeSpan Freshness = TimeSpan.FromSeconds(5);

    private readonly string[] _only;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly Func<IReadOnlyList<NetworkLink>> _read;
    private readonly Lock _lock = new();

    // Guarded by _lock.
    private readonly LastSaid _problem = new();
    private IReadOnlyList<NetworkLink> _links = [];
    private long? _readAt;

    /// <param name="only">Names of the interfaces to use, whatever they lead to: who names one wants it. Empty: all that lead to a LAN.</param>
    public Neighbours(IEnumerable<string> only, TimeProvider time, ILogger logger) : this(only, time, logger, NetworkLinks.Read)
    {
    }

    /// <param name="read">The interfaces, as they stand at each call; may throw <see cref="NetworkInformationException"/> or <see cref="IOException"/>.</param>
    internal Neighbours(IEnumerable<string> only, TimeProvider time, ILogger logger, Func<IReadOnlyList<NetworkLink>> read)
    {
        _only = [.. only];
        _time = time;
        _logger = logger;
        _read = read;
    }

    /// <summary>The interfaces that members may be on: up, and not loopback. At most <see cref="Freshness"/> old.</summary>
    public IReadOnlyList<NetworkLink> Current()
    {
        lock (_lock)
        {
            if (_readAt is not { } at || _time.GetElapsedTime(at) >= Freshness) Read();
            return _links;
        }
    }

    /// <summary>Whether a host with this address is in a directly connected subnet, or this host itself by a loopback address.</summary>
    public bool MayBeMember(IPAddress address)
    {
        if (address.IsIPv4MappedToIPv6) address = address.MapToIPv4();
        if (IPAddress.IsLoopback(address)) return true;
        IReadOnlyList<NetworkLink> links = Current();

        // Every interface has the same link-local subnet; the scope says which is meant.
        return address.IsIPv6LinkLocal
            ? links.Any(link => link.Index == address.ScopeId && link.Addresses.Any(own => own.Address.AddressFamily == AddressFamily.InterNetworkV6))
            : links.Any(link => link.Addresses.Any(own => own.Reaches(address)));
    }

    private void Read()
    {
        _readAt = _time.GetTimestamp();
        try
        {
            _links = [.. _read().Where(IsAllowed)];
            _problem.Changes(null);
        }
        catch (Exception e) when (e is NetworkInformationException or IOException or UnauthorizedAccessException)
        {
            // What was there a moment ago is the best guess.
            if (_problem.Changes(e.Message)) _logger.InterfacesNotRead(e.Message);
        }
    }

    private bool IsAllowed(NetworkLink link) =>
        link.IsUp && link.Kind != LinkKind.Loopback && (_only.Length == 0 ? link.Kind == LinkKind.Lan : _only.Contains(link.Name));
}
