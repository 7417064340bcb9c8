using System.Net;
using System.Net.Sockets;
using System.Text;
using OsCircular.Blocks;
using OsCircular.Peers;
using OsCircular.TestKit.Labs;

namespace OsCircular.TestKit.Peers;

/// <summary>
/// A peer on a host of a lab, or on loopback, that greets as a member of its asker's own group and repository, says that it holds blocks, and then does not
/// behave. It has no key. Disposing closes all of its connections.
/// </summary>
public sealed class MisbehavingPeer : IAsyncDisposable
{
    public const int Port = 7117;

    private readonly CancellationTokenSource _end = new();
    private readonly Socket _listener;
    private readonly Func<string, Misbehaviour> _how;
    private readonly int _port;
    private readonly bool _fetches;
    private readonly byte[] _summary;
    private readonly Dictionary<string, string> _blocks;
    private readonly PeerId _id = PeerId.Derive("misbehaving", Guid.NewGuid().ToString(), "");
    private readonly Task _accepting;
    private int _blockRequests, _greetings;

    private MisbehavingPeer(Socket listener, int port, Func<string, Misbehaviour> how, string repository, Func<BlockName, bool> claims, bool fetches)
    {
        _how = how;
        _port = port;
        _fetches = fetches;
        _blocks = Directory.GetFiles(Path.Combine(repository, "blocks"), "*", SearchOption.AllDirectories).ToDictionary(path => "/" + Path.GetRelativePath(repository, path));
        _summary = SummaryBytes.Full(_blocks.Values.Select(path => BlockName.Of(File.ReadAllBytes(path))).Where(claims));
        Address = $"{((IPEndPoint)listener.LocalEndPoint!).Address}:{port}";
        _listener = listener;
        _accepting = AcceptAsync();
    }

    /// <summary>For <c>--peer</c>.</summary>
    public string Address { get; }

    /// <summary>How often it was asked for a block.</summary>
    public int BlockRequests => Volatile.Read(ref _blockRequests);

    /// <summary>How often it was greeted or polled.</summary>
    public int Greetings => Volatile.Read(ref _greetings);

    /// <param name="host">Where it listens.</param>
    /// <param name="how">What it does when asked for a block.</param>
    /// <param name="repository">The folder whose blocks it knows.</param>
    /// <param name="claims">Whether its summary says that it holds them all; else it says that it holds nothing.</param>
    /// <param name="fetches">Whether it says that it can be a home.</param>
    public static MisbehavingPeer Start(LabHost host, Misbehaviour how, string repository, bool claims, bool fetches) =>
        new(host.Listen(Port), Port, _ => how, repository, _ => claims, fetches);

    /// <summary>On this machine's own loopback network.</summary>
    /// <param name="address">Of 127.0.0.0/8: wrong bytes are held against an address.</param>
    /// <param name="how">What it does, for each request for the block at this path.</param>
    /// <param name="repository">The folder whose blocks it knows.</param>
    /// <param name="claims">What its summary says that it holds.</param>
    /// <param name="fetches">Whether it says that it can be a home.</param>
    public static MisbehavingPeer StartOnLoopback(IPAddress address, Func<string, Misbehaviour> how, string repository, Func<BlockName, bool> claims, bool fetches)
    {
        Socket listener = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        listener.Bind(new IPEndPoint(address, 0));
        listener.Listen();
        return new MisbehavingPeer(listener, ((IPEndPoint)listener.LocalEndPoint!).Port, how, repository, claims, fetches);
    }

    public async ValueTask DisposeAsync()
    {
        await _end.CancelAsync();
        _listener.Dispose();
        await _accepting;
        _end.Dispose();
    }

    private async Task AcceptAsync()
    {
        var connections = new List<Task>();
        try
        {
            while (true) connections.Add(TalkAsync(await _listener.AcceptAsync(_end.Token)));
        }
        catch (Exception failure) when (failure is OperationCanceledException or SocketException or ObjectDisposedException)
        {
            await Task.WhenAll(connections);
        }
    }

    private async Task TalkAsync(Socket socket)
    {
        using NetworkStream stream = new(socket, ownsSocket: true);
        try
        {
            while (await PeerRequestText.ReadAsync(stream, _end.Token) is { } request)
                if (!await AnswerAsync(stream, request)) return;
        }
        catch (Exception failure) when (failure is OperationCanceledException or IOException or SocketException)
        {
            // The asker has had enough, or the test has.
        }
    }

    // Whether the connection is of any use after it.
    private async Task<bool> AnswerAsync(NetworkStream stream, PeerRequestText request)
    {
        string path = request.Target.Split('?')[0];
        if (_blocks.TryGetValue(path, out string? file))
        {
            Interlocked.Increment(ref _blockRequests);
            return await MisbehaveAsync(stream, _how(path), await File.ReadAllBytesAsync(file, _end.Token));
        }

        byte[]? body = path switch { "/peers" => """{"format":1,"peers":[]}"""u8.ToArray(), "/summary" => _summary, _ => null };
        if (body is null || !PeerHello.TryParse(request.Header(PeerHeaders.Hello), out PeerHello? asker))
        {
            await SendAsync(stream, Head("404 Not Found", 0));
            return true;
        }

        Interlocked.Increment(ref _greetings);
        PeerHello hello = asker with { Id = _id, Port = _port, Fetches = _fetches };
        await SendAsync(stream, Head("200 OK", body.Length, $"{PeerHeaders.Hello}: {hello}\r\n"));
        await SendAsync(stream, body);
        return true;
    }

    private async Task<bool> MisbehaveAsync(NetworkStream stream, Misbehaviour how, byte[] block)
    {
        switch (how)
        {
            case Misbehaviour.None:
                await SendAsync(stream, Head("200 OK", block.Length));
                await SendAsync(stream, block);
                return true;
            case Misbehaviour.Hangs:
                await Task.Delay(Timeout.Infinite, _end.Token);
                return false;
            case Misbehaviour.Resets:
                stream.Socket.LingerState = new LingerOption(true, 0);
                // The stream would shut down first, and so end it in good order.
                stream.Socket.Dispose();
                return false;
            case Misbehaviour.Trickles:
                await SendAsync(stream, Head("200 OK", block.Length));
                await SendInPartsAsync(stream, block, 100, TimeSpan.FromMilliseconds(100));
                return true;
            case Misbehaviour.LiesInBytes:
                block[block.Length / 2] ^= 1;
                await SendAsync(stream, Head("200 OK", block.Length));
                await SendAsync(stream, block);
                return true;
            case Misbehaviour.HoldsNothing:
                await SendAsync(stream, Head("404 Not Found", 0));
                return true;
            case Misbehaviour.DiesMidTransfer:
                await SendAsync(stream, Head("200 OK", block.Length));
                await SendAsync(stream, block.AsMemory(0, block.Length / 2));
                return false;
            case Misbehaviour.Refuses:
                await SendAsync(stream, Head("503 Service Unavailable", 0));
                return true;
            case Misbehaviour.SendsTooMuch:
                await SendAsync(stream, Head("200 OK", 4_000_000_000));
                while (true) await SendAsync(stream, block);
            case Misbehaviour.SendsHeadersSlowly:
                await SendInPartsAsync(stream, Head("200 OK", block.Length), 1, TimeSpan.FromMilliseconds(200));
                return true;
            default:
                throw new InvalidOperationException($"{how}");
        }
    }

    private async Task SendInPartsAsync(NetworkStream stream, byte[] bytes, int part, TimeSpan pause)
    {
        for (int at = 0; at < bytes.Length; at += part)
        {
            await SendAsync(stream, bytes.AsMemory(at, Math.Min(part, bytes.Length - at)));
            await Task.Delay(pause, _end.Token);
        }
    }

    private ValueTask SendAsync(NetworkStream stream, ReadOnlyMemory<byte> bytes) => stream.WriteAsync(bytes, _end.Token);

    private static byte[] Head(string status, long length, string more = "") =>
        Encoding.ASCII.GetBytes($"HTTP/1.1 {status}\r\nContent-Length: {length}\r\n{more}\r\n");
}
