using System.Globalization;
using System.Net;
using System.Text;

namespace OsCircular.Peers.Discovery;

/// <summary>What an announce says beside that we are there.</summary>
internal enum TrackerEvent
{
    /// <summary>Still there.</summary>
    None,
    Started,
    Stopped,
}

/// <summary>Announces to trackers over HTTP (BEP 3, 23). May be used in parallel.</summary>
public sealed class TrackerClient : IDisposable
{
    /// <summary>For the whole of an announce.</summary>
    public static readonly TimeSpan Limit = TimeSpan.FromSeconds(10);

    /// <summary>Peers asked for.</summary>
    private const int Wanted = 50;

    private readonly PeerId _group;
    private readonly PeerId _self;
    private readonly int _port;
    private readonly TimeProvider _time;

    // No redirects and no proxy: what a tracker says sends nobody anywhere else.
    private readonly HttpMessageInvoker _client = new(new SocketsHttpHandler
    {
        ActivityHeadersPropagator = null,
        AllowAutoRedirect = false,
        AutomaticDecompression = DecompressionMethods.None,
        MaxResponseDrainSize = 0,
        MaxResponseHeadersLength = 16,
        PooledConnectionIdleTimeout = TimeSpan.FromSeconds(5),
        UseCookies = false,
        UseProxy = false,
    });

    /// <param name="group">In the place of the info-hash.</param>
    /// <param name="self">In the place of the peer id.</param>
    /// <param name="port">Where this agent listens, 1 to 65535.</param>
    public TrackerClient(PeerId group, PeerId self, int port, TimeProvider time)
    {
        _group = group;
        _self = self;
        _port = port;
        _time = time;
    }

    /// <summary>Whatever goes wrong is a problem in the answer.</summary>
    /// <exception cref="OperationCanceledException">The caller's token was cancelled.</exception>
    internal async Task<TrackerAnswer> AnnounceAsync(TrackerUrl tracker, TrackerEvent what, CancellationToken cancellationToken)
    {
        using var limit = new CancellationTokenSource(Limit, _time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        try
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, Target(tracker, what));
            request.Headers.TryAddWithoutValidation("Accept-Encoding", "identity");
            request.Headers.TryAddWithoutValidation("User-Agent", "oscircular");
            using HttpResponseMessage response = await _client.SendAsync(request, either.Token);
            if (response.StatusCode != HttpStatusCode.OK) return TrackerAnswer.Failed($"HTTP {(int)response.StatusCode}");
            await using Stream body = await response.Content.ReadAsStreamAsync(either.Token);

            // One byte more than may be, so that more is seen.
            byte[] buffer = new byte[Bencode.MaxLength + 1];
            int length = await body.ReadAtLeastAsync(buffer, buffer.Length, throwOnEndOfStream: false, either.Token);
            return TrackerAnswer.Parse(buffer.AsMemory(0, length));
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return TrackerAnswer.Failed($"no answer within {Limit.TotalSeconds:0} s");
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            return TrackerAnswer.Failed((e.InnerException ?? e).Message);
        }
    }

    public void Dispose() => _client.Dispose();

    /// <summary>As it goes over the wire: 20 raw bytes, each escaped unless a URL may hold it.</summary>
    internal Uri Target(TrackerUrl tracker, TrackerEvent what)
    {
        var target = new StringBuilder(tracker.Announce.AbsoluteUri);
        target.Append(tracker.Announce.Query.Length > 0 ? '&' : '?');
        target.Append("info_hash=").Append(Escaped(_group)).Append("&peer_id=").Append(Escaped(_self));

        // One byte always left: a tracker tells those who are complete only of those who are not.
        target.Append(CultureInfo.InvariantCulture, $"&port={_port}&uploaded=0&downloaded=0&left=1&compact=1&numwant={Wanted}");
        if (what != TrackerEvent.None) target.Append(what == TrackerEvent.Started ? "&event=started" : "&event=stopped");
        return new Uri(target.ToString());
    }

    private static string Escaped(PeerId id)
    {
        Span<byte> bytes = stackalloc byte[PeerId.Size];
        id.CopyTo(bytes);
        var text = new StringBuilder(3 * PeerId.Size);
        foreach (byte each in bytes)
        {
            if (char.IsAsciiLetterOrDigit((char)each) || each is (byte)'-' or (byte)'_' or (byte)'.' or (byte)'~') text.Append((char)each);
            else text.Append(CultureInfo.InvariantCulture, $"%{each:X2}");
        }

        return text.ToString();
    }
}
