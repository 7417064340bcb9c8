using System.Net;
using System.Net.Sockets;

namespace OsCircular.Peers.Access;

/// <summary>One spelling for an endpoint, whichever side looks at it: IPv4 never mapped into IPv6, IPv6 without the scope, which means something on one host only.</summary>
public static class EndpointText
{
    /// <summary><c>10.77.0.3:7117</c>, <c>[fd00::3]:7117</c></summary>
    public static string Of(IPEndPoint endpoint) => new IPEndPoint(Plain(endpoint.Address), endpoint.Port).ToString();

    /// <summary>The address without mapping and scope.</summary>
    public static IPAddress Plain(IPAddress address)
    {
        if (address.IsIPv4MappedToIPv6) return address.MapToIPv4();
        return address.AddressFamily == AddressFamily.InterNetworkV6 && address.ScopeId != 0 ? new IPAddress(address.GetAddressBytes()) : address;
    }
}
