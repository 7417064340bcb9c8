using System.Net;
using Microsoft.AspNetCore.Connections;
using OsCircular.Peers.Access;

namespace OsCircular.Agent.Serving;

/// <summary>What the listener knows of one connection. A feature of the connection, so every request on it finds it; they come one after another.</summary>
internal sealed class PeerConnection
{
    public PeerConnection(ConnectionContext connection, GroupKey? key)
    {
        Address = EndpointText.Plain(((IPEndPoint)connection.RemoteEndPoint!).Address);
        Local = (IPEndPoint)connection.LocalEndPoint!;
        Gate = key is null ? null : new ConnectionGate(key);
    }

    /// <summary>Where the asker speaks from; IPv4 never mapped.</summary>
    public IPAddress Address { get; }

    /// <summary>Our own end, as the asker sees it.</summary>
    public IPEndPoint Local { get; }

    /// <summary>Null where the group has no key.</summary>
    public ConnectionGate? Gate { get; }

    /// <summary>Unproven requests since the last proven one.</summary>
    public int Unproven { get; set; }
}
