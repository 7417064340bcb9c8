using System.Net;
using System.Net.Sockets;

namespace OsCircular.TestKit.Programs;

public static class LoopbackPort
{
    /// <summary>A TCP port that was free a moment ago.</summary>
    public static int Free()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    /// <summary>Waits until something accepts connections there.</summary>
    public static async Task WaitUntilOpenAsync(int port, TimeSpan limit)
    {
        using var end = new CancellationTokenSource(limit);
        while (true)
        {
            using var client = new TcpClient();
            try
            {
                await client.ConnectAsync(IPAddress.Loopback, port, end.Token);
                return;
            }
            catch (SocketException)
            {
                await Task.Delay(20, end.Token);
            }
        }
    }
}
