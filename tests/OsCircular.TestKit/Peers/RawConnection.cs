using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using OsCircular.TestKit.Labs;

namespace OsCircular.TestKit.Peers;

/// <summary>One TCP connection to an agent's listener, over which a test sends whatever bytes it likes.</summary>
public sealed class RawConnection : IDisposable
{
    private const int MaxHead = 64 * 1024;

    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(10);

    private readonly NetworkStream _stream;

    private RawConnection(Socket socket) => _stream = new NetworkStream(socket, ownsSocket: true);

    public static async Task<RawConnection> OpenAsync(LabHost from, LabHost to, int port)
    {
        using var end = new CancellationTokenSource(Limit);
        return new RawConnection(await from.ConnectAsync(new IPEndPoint(to.Address, port), end.Token));
    }

    /// <summary>Sends a request with these header lines, and reads the answer.</summary>
    public Task<RawAnswer> AskAsync(string target, params IEnumerable<string> headers) =>
        SendAsync($"GET {target} HTTP/1.1\r\nHost: x\r\n{string.Concat(headers.Select(header => header + "\r\n"))}\r\n");

    /// <summary>Sends these characters, a byte each, and reads what comes back: a whole answer, or nothing where the connection is closed instead.</summary>
    public async Task<RawAnswer> SendAsync(string text)
    {
        using var end = new CancellationTokenSource(Limit);
        try
        {
            await _stream.WriteAsync(Encoding.Latin1.GetBytes(text), end.Token);
            return await ReadAsync(end.Token);
        }
        catch (IOException)
        {
            return RawAnswer.Closed;
        }
    }

    public void Dispose() => _stream.Dispose();

    private async Task<RawAnswer> ReadAsync(CancellationToken cancellationToken)
    {
        var head = new StringBuilder();
        byte[] one = new byte[1];
        while (!head.ToString().EndsWith("\r\n\r\n", StringComparison.Ordinal))
        {
            if (head.Length > MaxHead || await _stream.ReadAsync(one, cancellationToken) == 0) return RawAnswer.Closed;
            head.Append((char)one[0]);
        }

        string[] lines = head.ToString().Split("\r\n", StringSplitOptions.RemoveEmptyEntries);
        var answer = new RawAnswer(int.Parse(lines[0].Split(' ')[1], CultureInfo.InvariantCulture), lines[1..], []);
        byte[] body = new byte[int.Parse(answer.Header("Content-Length") ?? "0", CultureInfo.InvariantCulture)];
        await _stream.ReadExactlyAsync(body, cancellationToken);
        return answer with { Body = body };
    }
}

/// <param name="Status">Of HTTP; 0 where the connection was closed without an answer.</param>
/// <param name="Lines">The headers.</param>
/// <param name="Body">As long as Content-Length says.</param>
public sealed record RawAnswer(int Status, string[] Lines, byte[] Body)
{
    public static RawAnswer Closed { get; } = new(0, [], []);

    public string? Header(string name) =>
        Lines.Where(line => line.StartsWith(name + ":", StringComparison.OrdinalIgnoreCase)).Select(line => line[(name.Length + 1)..].Trim()).FirstOrDefault();
}
