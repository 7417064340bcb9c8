using System.Net;
using System.Net.Sockets;
using System.Text;
using OsCircular.Peers;
using OsCircular.TestKit.Labs;

namespace OsCircular.TestKit.Peers;

/// <summary>
/// Sends 32 beacons of a group a second that nobody of it has sent: one half in a victim's name, the other from addresses that nobody has. Disposing ends it.
/// </summary>
public sealed class BeaconForger : IAsyncDisposable
{
    public const int VictimPort = 80;

    private const int TransparentSource = 19; // IP_TRANSPARENT, linux/in.h: send from any address
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1.0 / 32);

    private readonly CancellationTokenSource _end = new();
    private readonly Random _random = new(1);
    private readonly LabHost _from;
    private readonly IPAddress _victim;
    private readonly PeerId _group;
    private readonly Task _forging;
    private int _sent;

    /// <param name="from">Where they really come from.</param>
    /// <param name="victim">Said to be a member that listens on <see cref="VictimPort"/>.</param>
    /// <param name="group">The group's id.</param>
    public BeaconForger(LabHost from, LabHost victim, PeerId group)
    {
        (_from, _victim, _group) = (from, victim.Address, group);
        _forging = ForgeAsync();
    }

    public static IPEndPoint Multicast { get; } = new(IPAddress.Parse("239.192.152.143"), 6771);

    public int Sent => Volatile.Read(ref _sent);

    public async ValueTask DisposeAsync()
    {
        await _end.CancelAsync();
        await _forging;
        _end.Dispose();
    }

    private async Task ForgeAsync()
    {
        try
        {
            while (true)
            {
                bool inItsName = _sent % 2 == 0;
                await SendAsync(inItsName ? _victim : IPAddress.Parse($"10.77.0.{_random.Next(100, 250)}"), inItsName ? VictimPort : _random.Next(1, 65536));
                Interlocked.Increment(ref _sent);
                await Task.Delay(Pause, _end.Token);
            }
        }
        catch (OperationCanceledException)
        {
            // Enough of them.
        }
    }

    private async Task SendAsync(IPAddress source, int port)
    {
        using Socket socket = _from.NewSocket(type: SocketType.Dgram);
        socket.SetRawSocketOption((int)SocketOptionLevel.IP, TransparentSource, BitConverter.GetBytes(1));
        socket.Bind(new IPEndPoint(source, 0));
        socket.SetSocketOption(SocketOptionLevel.IP, SocketOptionName.MulticastInterface, _from.Address.GetAddressBytes());
        string beacon = $"BT-SEARCH * HTTP/1.1\r\nHost: {Multicast}\r\nPort: {port}\r\nInfohash: {_group}\r\ncookie: {_random.NextInt64():x16}\r\nOscircular: 1 hello\r\n\r\n\r\n";
        await socket.SendToAsync(Encoding.ASCII.GetBytes(beacon), Multicast, _end.Token);
    }
}
