using System.Net;
using System.Net.Http.Headers;
using System.Security.Authentication;
using OsCircular.Sources;
using OsCircular.Sources.Transfers;

namespace OsCircular.Mirrors;

/// <summary>A repository behind a web server. Follows redirects itself, so that it can remember them and keeps secrets to the host they were given for.</summary>
public sealed class HttpMirror : IMirror
{
    private const int MaxRedirects = 5;

    private readonly MirrorUrl _url;
    private readonly TimeSpan _stallTimeout;
    private readonly TimeProvider _time;
    private readonly RedirectMemory _redirects;
    private readonly HttpMessageInvoker _client;

    /// <param name="proxy">Usually an <see cref="EnvironmentProxy"/>.</param>
    public HttpMirror(MirrorUrl url, MirrorOptions options, IWebProxy proxy, TimeProvider time)
    {
        _url = url;
        _stallTimeout = options.StallTimeout;
        _time = time;
        _redirects = new RedirectMemory(time, options.RedirectMemory);
        _client = new HttpMessageInvoker(Handler(options, proxy));
    }

    public string Name => _url.ToString();

    /// <inheritdoc/>
    public async ValueTask<TransferAnswer> GetAsync(string path, BodyBuffer body, bool noCache, CancellationToken cancellationToken)
    {
        // One clock for the wait for the answer and for each wait for more of it: it is wound up again whenever something came.
        using var stall = new CancellationTokenSource(_stallTimeout, _time);
        await using CancellationTokenRegistration link = cancellationToken.UnsafeRegister(static source => ((CancellationTokenSource)source!).Cancel(), stall);
        try
        {
            if (_redirects.Root is { } root)
            {
                TransferAnswer answer = await FollowAsync(root, path, body, noCache, stall);
                if (answer.Error == SourceError.None) return answer;

                // Whatever is wrong there, the mirror itself may know better by now.
                _redirects.Forget();
            }

            return await FollowAsync(_url.Root, path, body, noCache, stall);
        }
        catch (OperationCanceledException)
        {
            return cancellationToken.IsCancellationRequested
                ? SourceError.Cancelled
                : new TransferAnswer(SourceError.TimedOut, $"no byte for {_stallTimeout.TotalSeconds:0.#} s");
        }
        catch (Exception e) when (e is HttpRequestException or IOException or AuthenticationException)
        {
            return new TransferAnswer(SourceError.Unreachable, (e.InnerException ?? e).Message);
        }
        catch (InvalidDataException e)
        {
            return new TransferAnswer(SourceError.Invalid, e.Message);
        }
    }

    public void Dispose() => _client.Dispose();

    private static SocketsHttpHandler Handler(MirrorOptions options, IWebProxy proxy) => new()
    {
        ActivityHeadersPropagator = null,
        AllowAutoRedirect = false,
        AutomaticDecompression = DecompressionMethods.None,
        ConnectTimeout = options.ConnectTimeout,
        MaxConnectionsPerServer = options.Connections,
        MaxResponseDrainSize = 64 * 1024,
        MaxResponseHeadersLength = 32,
        PooledConnectionIdleTimeout = TimeSpan.FromMinutes(1),

        // A mirror behind a name moves with it.
        PooledConnectionLifetime = TimeSpan.FromMinutes(5),
        Proxy = proxy,
        UseCookies = false,
    };

    private async ValueTask<TransferAnswer> FollowAsync(Uri root, string path, BodyBuffer body, bool noCache, CancellationTokenSource stall)
    {
        Uri target = new(root, path);
        for (int redirects = 0; ; redirects++)
        {
            using HttpRequestMessage request = Request(target, noCache);
            using HttpResponseMessage response = await _client.SendAsync(request, stall.Token);
            stall.CancelAfter(_stallTimeout);
            if (response.StatusCode == HttpStatusCode.OK)
            {
                if (redirects > 0) _redirects.Learn(target, path);
                return await HttpBody.ReadAsync(response, body, stall, _stallTimeout);
            }

            if (!IsRedirect(response.StatusCode)) return Refusal(response.StatusCode);
            if (redirects == MaxRedirects) return new TransferAnswer(SourceError.Unreachable, $"more than {MaxRedirects} redirects");
            if (response.Headers.Location is not { } location) return new TransferAnswer(SourceError.Unreachable, "a redirect to nowhere");

            Uri next = new(target, location);
            if (!MayRedirect(target, next)) return new TransferAnswer(SourceError.Refused, $"a redirect from {target.Scheme} to {next.Scheme}");
            target = next;
        }
    }

    private HttpRequestMessage Request(Uri target, bool noCache)
    {
        var request = new HttpRequestMessage(HttpMethod.Get, target) { Version = HttpVersion.Version11, VersionPolicy = HttpVersionPolicy.RequestVersionExact };
        request.Headers.TryAddWithoutValidation("Accept-Encoding", "identity");
        request.Headers.TryAddWithoutValidation("User-Agent", "oscircular");
        if (noCache) request.Headers.CacheControl = new CacheControlHeaderValue { NoCache = true };
        bool sameHost = Uri.Compare(target, _url.Root, UriComponents.SchemeAndServer, UriFormat.SafeUnescaped, StringComparison.OrdinalIgnoreCase) == 0;
        if (_url.Authorization is { } secret && sameHost) request.Headers.TryAddWithoutValidation("Authorization", secret);
        return request;
    }

    /// <summary>Never away from the web, never from https to what others on the way can read and change.</summary>
    internal static bool MayRedirect(Uri from, Uri to) => to.Scheme == "https" || (to.Scheme == "http" && from.Scheme == "http");

    private static bool IsRedirect(HttpStatusCode status) => (int)status is 301 or 302 or 303 or 307 or 308;

    private static TransferAnswer Refusal(HttpStatusCode status) => (int)status switch
    {
        404 or 410 => SourceError.Missing,
        429 or 503 => new TransferAnswer(SourceError.Refused, $"HTTP {(int)status}"),
        >= 400 and < 500 and not 408 => new TransferAnswer(SourceError.Refused, $"HTTP {(int)status}"),
        _ => new TransferAnswer(SourceError.Unreachable, $"HTTP {(int)status}"),
    };
}
