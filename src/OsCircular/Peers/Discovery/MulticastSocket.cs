using System.Net;
using System.Net.Sockets;

namespace OsCircular.Peers.Discovery;

/// <summary>
/// UDP port 6771 of one family, shared with every other program that wants it. It hears only what is sent to the group, and only on the interfaces joined here.
/// One may receive while another sends.
/// </summary>
internal sealed class MulticastSocket : IDisposable
{
    // Linux, and the same on every architecture that .NET runs on; .NET has no names for them or gives them another meaning.
    private const int SolSocket = 1, SoReuseAddr = 2, SoReusePort = 15;
    private const int IpprotoIp = 0, IpMulticastAll = 49;
    private const int IpprotoIpv6 = 41, Ipv6MulticastAll = 29;

    private readonly bool _isV4;
    private readonly IPEndPoint _group;
    private readonly Socket _socket;

    /// <exception cref="SocketException">There is no such family here, or a program has the port for itself.</exception>
    public MulticastSocket(AddressFamily family)
    {
        _isV4 = family == AddressFamily.InterNetwork;
        _group = new IPEndPoint(Beacon.GroupAddress(family), Beacon.MulticastPort);
        _socket = new Socket(family, SocketType.Dgram, ProtocolType.Udp);
        try
        {
            Configure();

            // Bound to the group itself, nothing that is sent to one of our own addresses arrives here, from however far away.
            _socket.Bind(_group);
        }
        catch
        {
            _socket.Dispose();
            throw;
        }
    }

    public void Dispose() => _socket.Dispose();

    /// <exception cref="SocketException">The interface has gone, or joins no group.</exception>
    public void Join(int index)
    {
        if (_isV4) _socket.SetSocketOption(SocketOptionLevel.IP, SocketOptionName.AddMembership, new MulticastOption(_group.Address, index));
        else _socket.SetSocketOption(SocketOptionLevel.IPv6, SocketOptionName.AddMembership, new IPv6MulticastOption(_group.Address, index));
    }

    /// <exception cref="SocketException">The interface has gone, and the membership with it.</exception>
    public void Leave(int index)
    {
        if (_isV4) _socket.SetSocketOption(SocketOptionLevel.IP, SocketOptionName.DropMembership, new MulticastOption(_group.Address, index));
        else _socket.SetSocketOption(SocketOptionLevel.IPv6, SocketOptionName.DropMembership, new IPv6MulticastOption(_group.Address, index));
    }

    /// <exception cref="SocketException">It cannot be sent there, perhaps not yet.</exception>
    public async ValueTask SendAsync(ReadOnlyMemory<byte> datagram, int index, CancellationToken cancellationToken)
    {
        if (_isV4) _socket.SetSocketOption(SocketOptionLevel.IP, SocketOptionName.MulticastInterface, IPAddress.HostToNetworkOrder(index));
        else _socket.SetSocketOption(SocketOptionLevel.IPv6, SocketOptionName.MulticastInterface, index);
        _ = await _socket.SendToAsync(datagram, SocketFlags.None, _group, cancellationToken);
    }

    /// <param name="buffer">A longer datagram is cut off.</param>
    /// <exception cref="SocketException">The network of this host is in trouble.</exception>
    public async ValueTask<(int Length, IPAddress From)> ReceiveAsync(Memory<byte> buffer, CancellationToken cancellationToken)
    {
        var any = new IPEndPoint(_isV4 ? IPAddress.Any : IPAddress.IPv6Any, 0);
        SocketReceiveFromResult received = await _socket.ReceiveFromAsync(buffer, SocketFlags.None, any, cancellationToken);
        return (received.ReceivedBytes, ((IPEndPoint)received.RemoteEndPoint).Address);
    }

    private void Configure()
    {
        // Other agents and BitTorrent clients on this host listen on the same port; multicast reaches them all.
        SetRaw(SolSocket, SoReuseAddr, 1);
        SetRaw(SolSocket, SoReusePort, 1);

        // Else groups that other programs join on other interfaces would be heard here too.
        SetRaw(_isV4 ? IpprotoIp : IpprotoIpv6, _isV4 ? IpMulticastAll : Ipv6MulticastAll, 0);
        SocketOptionLevel level = _isV4 ? SocketOptionLevel.IP : SocketOptionLevel.IPv6;
        _socket.SetSocketOption(level, SocketOptionName.MulticastTimeToLive, 1);
        _socket.SetSocketOption(level, SocketOptionName.MulticastLoopback, 1);
    }

    private void SetRaw(int level, int name, int value) => _socket.SetRawSocketOption(level, name, BitConverter.GetBytes(value));
}
