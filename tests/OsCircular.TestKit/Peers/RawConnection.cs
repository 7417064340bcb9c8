using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using OsCircular.TestKit.Labs;

namespace OsCircular.TestKit.Peers;

/// <summary>One connection to an HTTP server, on which a test writes what it likes, well-formed or not. Every wait ends within <see cref="Limit"/>.</summary>
public sealed class RawConnection : IDisposable
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(20);

    private readonly Socket _socket;
    private readonly NetworkStream _stream;
    private readonly CancellationTokenSource _end = new(Limit);

    private RawConnection(Socket socket)
    {
        _socket = socket;
        _stream = new NetworkStream(socket, ownsSocket: true);
    }

    public IPEndPoint Remote => (IPEndPoint)_socket.RemoteEndPoint!;

    /// <param name="receiveBuffer">Bytes the kernel keeps for a reader that does not read; 0 for its own choice.</param>
    public static async Task<RawConnection> OpenAsync(IPAddress address, int port, int receiveBuffer = 0)
    {
        var socket = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        if (receiveBuffer > 0) socket.ReceiveBufferSize = receiveBuffer;
        await socket.ConnectAsync(address, port);
        return new RawConnection(socket);
    }

    /// <summary>Connects two hosts of a lab.</summary>
    public static async Task<RawConnection> OpenAsync(LabHost from, LabHost to, int port)
    {
        using var end = new CancellationTokenSource(Limit);
        return new RawConnection(await from.ConnectAsync(new IPEndPoint(to.Address, port), end.Token));
    }

    /// <summary>Sends a request without a body; <c>Host</c> is added.</summary>
    public Task SendAsync(string method, string target, params IEnumerable<(string Name, string Value)> headers) =>
        WriteAsync($"{method} {target} HTTP/1.1\r\nHost: x\r\n{string.Concat(headers.Select(header => $"{header.Name}: {header.Value}\r\n"))}\r\n");

    public async Task WriteAsync(string text) => await _stream.WriteAsync(Encoding.Latin1.GetBytes(text), _end.Token);

    /// <summary>Sends a request and reads its answer.</summary>
    public async Task<RawAnswer> AskAsync(string method, string target, params IEnumerable<(string Name, string Value)> headers)
    {
        await SendAsync(method, target, headers);
        return await ReadAsync(method != "HEAD") ?? throw new IOException("The connection was closed without an answer.");
    }

    /// <summary>Sends these characters, a byte each, and reads what comes back.</summary>
    /// <returns>Null where the server closed the connection instead, perhaps before it had read them all.</returns>
    public async Task<RawAnswer?> AskRawAsync(string text)
    {
        try
        {
            await WriteAsync(text);
            return await ReadAsync();
        }
        catch (IOException)
        {
            return null;
        }
    }

    /// <returns>Null where the server closed the connection instead.</returns>
    public async Task<RawAnswer?> ReadAsync(bool hasBody = true)
    {
        var head = new StringBuilder();
        byte[] one = new byte[1];
        while (head.Length < 4 || head.ToString(head.Length - 4, 4) != "\r\n\r\n")
        {
            if (!await TryReadAsync(one)) return null;
            head.Append((char)one[0]);
        }

        string[] lines = head.ToString().Split("\r\n", StringSplitOptions.RemoveEmptyEntries);
        var headers = lines[1..].Select(line => line.Split(": ", 2)).ToDictionary(pair => pair[0], pair => pair[1], StringComparer.OrdinalIgnoreCase);
        int length = hasBody && headers.TryGetValue("Content-Length", out string? text) ? int.Parse(text, CultureInfo.InvariantCulture) : 0;
        byte[] body = new byte[length];
        return await TryReadAsync(body) ? new RawAnswer(int.Parse(lines[0].Split(' ')[1], CultureInfo.InvariantCulture), headers, body) : null;
    }

    /// <summary>Whether the server closes the connection, whatever it still sends before.</summary>
    public async Task<bool> IsClosedAsync()
    {
        byte[] buffer = new byte[4096];
        while (await TryReadAsync(buffer.AsMemory(0, 1)))
        {
            // What is left of an answer.
        }

        return true;
    }

    public void Dispose()
    {
        _stream.Dispose();
        _end.Dispose();
    }

    private async Task<bool> TryReadAsync(Memory<byte> buffer)
    {
        try
        {
            return await _stream.ReadAtLeastAsync(buffer, buffer.Length, throwOnEndOfStream: false, _end.Token) == buffer.Length;
        }
        catch (IOException)
        {
            return false;
        }
    }
}

/// <summary>An answer as it came.</summary>
public sealed record RawAnswer(int Status, IReadOnlyDictionary<string, string> Headers, byte[] Body)
{
    public string? Header(string name) => Headers.GetValueOrDefault(name);
}
