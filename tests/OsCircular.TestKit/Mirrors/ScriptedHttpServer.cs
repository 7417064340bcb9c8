using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace OsCircular.TestKit.Mirrors;

/// <summary>
/// An HTTP server on loopback that does exactly what a script says, the wrong things above all: it writes raw bytes, so that any broken answer can be given.
/// </summary>
public sealed class ScriptedHttpServer : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _stop = new();
    private readonly ConcurrentQueue<ScriptedRequest> _requests = new();
    private readonly Func<ScriptedRequest, Task> _script;
    private readonly Task _accepting;
    private int _connections;

    /// <param name="script">Answers one request; when it returns without having closed the connection, the next is read from it.</param>
    public ScriptedHttpServer(Func<ScriptedRequest, Task> script)
    {
        _script = script;
        _listener.Start();
        _accepting = AcceptAsync();
    }

    public string Url => $"http://127.0.0.1:{((IPEndPoint)_listener.LocalEndpoint).Port}";

    public IReadOnlyList<ScriptedRequest> Requests => [.. _requests];
    public int Connections => Volatile.Read(ref _connections);

    /// <summary>A server that answers from a table of paths; 404 for all others.</summary>
    public static ScriptedHttpServer Of(IReadOnlyDictionary<string, byte[]> files) => new(request =>
        files.TryGetValue(request.Path, out byte[]? body) ? request.RespondAsync(200, body) : request.RespondAsync(404));

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _accepting;
        _listener.Dispose();
        _stop.Dispose();
    }

    private async Task AcceptAsync()
    {
        var running = new List<Task>();
        try
        {
            while (true)
            {
                Socket socket = await _listener.AcceptSocketAsync(_stop.Token);
                Interlocked.Increment(ref _connections);
                running.Add(ServeAsync(socket));
            }
        }
        catch (OperationCanceledException)
        {
            await Task.WhenAll(running);
        }
    }

    private async Task ServeAsync(Socket socket)
    {
        await using var stream = new NetworkStream(socket, ownsSocket: true);
        socket.NoDelay = true;
        using var reader = new StreamReader(stream, Encoding.Latin1, false, 1024, leaveOpen: true);
        try
        {
            while (await ReadAsync(reader, stream) is { } request)
            {
                _requests.Enqueue(request);
                await _script(request);
            }
        }
        catch (Exception e) when (e is OperationCanceledException or IOException or ObjectDisposedException)
        {
            // The client has gone, or the server ends.
        }
    }

    private async Task<ScriptedRequest?> ReadAsync(StreamReader reader, NetworkStream stream)
    {
        if (await reader.ReadLineAsync(_stop.Token) is not { Length: > 0 } first) return null;
        var headers = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        while (await reader.ReadLineAsync(_stop.Token) is { Length: > 0 } line)
        {
            int colon = line.IndexOf(':');
            headers[line[..colon]] = line[(colon + 1)..].Trim();
        }

        return new ScriptedRequest(first.Split(' ')[1], headers, stream, _stop.Token);
    }
}

/// <summary>One request, and the means to answer it well or badly.</summary>
public sealed class ScriptedRequest(string target, IReadOnlyDictionary<string, string> headers, NetworkStream stream, CancellationToken stopping)
{
    /// <summary>Without the leading slash.</summary>
    public string Path => target.TrimStart('/');

    /// <summary>As it stood in the request line: a whole URL where we are a proxy.</summary>
    public string Target => target;

    public IReadOnlyDictionary<string, string> Headers => headers;

    /// <summary>Cancelled when the server ends: what a script waits with.</summary>
    public CancellationToken Stopping => stopping;

    /// <summary>A well-formed answer, with Content-Length.</summary>
    public Task RespondAsync(int status, byte[]? body = null, params string[] extraHeaders) =>
        HeadThenAsync($"HTTP/1.1 {status} Scripted", [$"Content-Length: {body?.Length ?? 0}", .. extraHeaders], body ?? []);

    /// <summary>An answer of which only the head and the first bytes come, and then nothing more.</summary>
    public async Task StallAsync(byte[] body, int after)
    {
        await HeadThenAsync("HTTP/1.1 200 OK", [$"Content-Length: {body.Length}"], body.AsMemory(0, after));
        await Task.Delay(Timeout.Infinite, stopping);
    }

    /// <summary>Status line, headers and whatever bytes, as they are given.</summary>
    public async Task HeadThenAsync(string statusLine, IEnumerable<string> lines, ReadOnlyMemory<byte> bytes)
    {
        await RawAsync(Encoding.Latin1.GetBytes(string.Join("\r\n", [statusLine, .. lines]) + "\r\n\r\n"));
        await RawAsync(bytes);
    }

    public async Task RawAsync(ReadOnlyMemory<byte> bytes)
    {
        await stream.WriteAsync(bytes, stopping);
        await stream.FlushAsync(stopping);
    }

    public void Close() => stream.Close();

    /// <summary>Breaks the connection off, so that the client sees a reset.</summary>
    public void Reset()
    {
        stream.Socket.LingerState = new LingerOption(true, 0);
        stream.Socket.Dispose();
        stream.Close();
    }
}
