using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using OsCircular.Peers.Access;
using OsCircular.Peers.Choice;
using OsCircular.Sources;
using OsCircular.Sources.Transfers;

namespace OsCircular.Peers.Client;

/// <summary>
/// One connection to one peer, for one request at a time: so the nonce that the peer draws for each connection is known to whoever asks on it.
/// The connection is made when it is needed, and again where it broke.
/// </summary>
internal sealed class PeerLane : IDisposable
{
    private static readonly TimeSpan IdleTimeout = TimeSpan.FromMinutes(2);

    private readonly IPEndPoint _address;
    private readonly Uri _root;
    private readonly PeerIdentity _self;
    private readonly ConnectionProof? _proofs;
    private readonly HttpMessageInvoker _client;

    public PeerLane(IPEndPoint address, PeerIdentity self, TimeSpan connectTimeout)
    {
        _address = address;
        _root = new Uri($"http://{address}/");
        _self = self;
        _proofs = self.Key is null ? null : new ConnectionProof(self.Key);
        _client = new HttpMessageInvoker(new SocketsHttpHandler
        {
            ActivityHeadersPropagator = null,
            AllowAutoRedirect = false,
            AutomaticDecompression = DecompressionMethods.None,
            ConnectTimeout = connectTimeout,
            MaxConnectionsPerServer = 1,
            MaxResponseDrainSize = 64 * 1024,
            MaxResponseHeadersLength = 8,
            PooledConnectionIdleTimeout = IdleTimeout,
            UseCookies = false,
            UseProxy = false,
        });
    }

    /// <summary>Asks, and reads the body of a 200 into <paramref name="body"/>.</summary>
    /// <param name="ask">What for.</param>
    /// <param name="body">Its limit holds.</param>
    /// <param name="stall">Wound up to <paramref name="silence"/> again whenever something came.</param>
    /// <param name="silence">How long nothing may come.</param>
    /// <param name="whole">Ends all of it; wound down to the body's own limit when the answer begins.</param>
    public async ValueTask<PeerAnswer> SendAsync(PeerAsk ask, BodyBuffer body, CancellationTokenSource stall, TimeSpan silence, CancellationTokenSource whole)
    {
        for (bool again = false; ; again = true)
        {
            using HttpRequestMessage request = Request(ask, out RequestProof? proof);
            using HttpResponseMessage response = await _client.SendAsync(request, stall.Token).ConfigureAwait(false);
            stall.CancelAfter(silence);

            // A connection's first request cannot be proven: its refusal brings the nonce that the second needs.
            bool mayProve = response.StatusCode == HttpStatusCode.Unauthorized && !again && _proofs is not null;
            if (mayProve && _proofs!.Learn(Single(response.Headers, PeerHeaders.Nonce))) continue;
            if (ask.Expected is { } expected) whole.CancelAfter(HolderTiming.TransferLimit(Math.Max(expected, response.Content.Headers.ContentLength ?? 0)));
            return await ReadAsync(ask, proof, response, body, stall, silence).ConfigureAwait(false);
        }
    }

    public void Dispose() => _client.Dispose();

    private async ValueTask<PeerAnswer> ReadAsync(
        PeerAsk ask, RequestProof? proof, HttpResponseMessage response, BodyBuffer body, CancellationTokenSource stall, TimeSpan silence)
    {
        switch ((int)response.StatusCode)
        {
            case 200:
                TransferAnswer read = await HttpBody.ReadAsync(response, body, stall, silence).ConfigureAwait(false);
                var answer = new PeerAnswer(read.Error, read.Detail);
                return ask.WithHello && read.Error == SourceError.None ? Believe(ask, proof, response, body) : answer;
            case 202 when ask.Fetch is not null:
                return EstimateOf(response) is { } estimate
                    ? new PeerAnswer(SourceError.None, Estimate: estimate)
                    : new PeerAnswer(SourceError.Unreachable, "202 without an estimate");
            case 404 or 410:
                return SourceError.Missing;
            case 401:
                return new PeerAnswer(SourceError.Refused, _proofs is null ? "wants a group key" : "has another group key");
            case (>= 400 and < 500) or 503:
                return new PeerAnswer(SourceError.Refused, $"HTTP {(int)response.StatusCode}", IsBusy: (int)response.StatusCode == 503);
            default:
                return new PeerAnswer(SourceError.Unreachable, $"HTTP {(int)response.StatusCode}");
        }
    }

    // Who leads us by the nose about membership or summaries costs more than a block whose name proves it.
    private PeerAnswer Believe(PeerAsk ask, RequestProof? proof, HttpResponseMessage response, BodyBuffer body)
    {
        string? text = Single(response.Headers, PeerHeaders.Hello);
        if (!PeerHello.TryParse(text, out PeerHello? hello)) return new PeerAnswer(SourceError.Refused, "says nothing of itself that we understand");
        if (_self.Key is { } key && (proof is null || !AnswerProof.Verify(key, proof.Context, ask.Path, text, body.Written.Span, Single(response.Headers, PeerHeaders.Proof))))
            return new PeerAnswer(SourceError.Refused, "does not prove that it knows the group's key");
        return new PeerAnswer(SourceError.None, Hello: hello);
    }

    private HttpRequestMessage Request(in PeerAsk ask, out RequestProof? proof)
    {
        string hello = ask.WithHello ? _self.Hello().ToString() : "";
        string fetch = ask.Fetch ?? "";
        string length = ask.Length?.ToString(CultureInfo.InvariantCulture) ?? "";
        string fetchClass = ask.ClassText ?? "";
        var request = new HttpRequestMessage(HttpMethod.Get, new Uri(_root, ask.Path)) { Version = HttpVersion.Version11, VersionPolicy = HttpVersionPolicy.RequestVersionExact };
        Add(request, PeerHeaders.Peer, _self.IdText);
        Add(request, PeerHeaders.Hello, hello);
        Add(request, PeerHeaders.Fetch, fetch);
        Add(request, PeerHeaders.Length, length);
        Add(request, PeerHeaders.Class, fetchClass);
        if (ask.NoCache) request.Headers.CacheControl = new CacheControlHeaderValue { NoCache = true };
        proof = null;
        if (_proofs is not null && _proofs.TryProve(new PeerRequest("GET", ask.Path, _self.IdText, hello, fetch, length, fetchClass), _address, out proof))
        {
            Add(request, PeerHeaders.Nonce, proof.Nonce);
            Add(request, PeerHeaders.Proof, proof.Proof);
        }

        return request;
    }

    private static TimeSpan? EstimateOf(HttpResponseMessage response) =>
        long.TryParse(Single(response.Headers, PeerHeaders.Estimate), NumberStyles.None, CultureInfo.InvariantCulture, out long milliseconds) && milliseconds <= int.MaxValue
            ? TimeSpan.FromMilliseconds(milliseconds)
            : null;

    private static void Add(HttpRequestMessage request, string name, string value)
    {
        if (value.Length > 0) request.Headers.TryAddWithoutValidation(name, value);
    }

    private static string? Single(HttpResponseHeaders headers, string name) =>
        headers.NonValidated.TryGetValues(name, out HeaderStringValues values) && values.Count == 1 ? values.ToString() : null;
}
