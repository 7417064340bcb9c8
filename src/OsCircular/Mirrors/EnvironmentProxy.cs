using System.Net;
using OsCircular.Blocks;

namespace OsCircular.Mirrors;

/// <summary>
/// The usual proxy variables, read as curl reads them: <c>http_proxy</c>, <c>https_proxy</c>, <c>all_proxy</c> and <c>no_proxy</c>, lower case first, then upper.
/// .NET's own reading takes <c>no_proxy=example.com</c> for that host alone, not for <c>www.example.com</c>, and sends loopback addresses to the proxy.
/// </summary>
public sealed class EnvironmentProxy : IWebProxy
{
    private readonly Uri? _http;
    private readonly Uri? _https;
    private readonly string[] _direct;

    /// <param name="read">Yields a variable's value, or null.</param>
    /// <exception cref="UserError">A variable holds no proxy; the message names it.</exception>
    public EnvironmentProxy(Func<string, string?> read)
    {
        Uri? all = Proxy(read, "all_proxy", "ALL_PROXY");

        // In a CGI program HTTP_PROXY is a request's header "Proxy:".
        _http = (read("REQUEST_METHOD") is null ? Proxy(read, "http_proxy", "HTTP_PROXY") : Proxy(read, "http_proxy")) ?? all;
        _https = Proxy(read, "https_proxy", "HTTPS_PROXY") ?? all;
        _direct = (Value(read, "no_proxy", "NO_PROXY") ?? "").Split([',', ' '], StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
    }

    public ICredentials? Credentials
    {
        get => new ProxyCredentials();
        set => throw new NotSupportedException("Proxy credentials come from the proxy's URL.");
    }

    public Uri? GetProxy(Uri destination) => IsBypassed(destination) ? null : For(destination);

    public bool IsBypassed(Uri host) => host.IsLoopback || For(host) is null || Array.Exists(_direct, entry => Matches(entry, host));

    private Uri? For(Uri destination) => destination.Scheme == "https" ? _https : _http;

    private static bool Matches(string entry, Uri host)
    {
        if (entry == "*") return true;
        string name = host.IdnHost;
        int colon = entry.LastIndexOf(':');
        if (colon > 0 && entry.IndexOf(':') == colon)
        {
            if (entry[(colon + 1)..] != host.Port.ToString()) return false;
            entry = entry[..colon];
        }

        if (IPNetwork.TryParse(entry, out IPNetwork network)) return IPAddress.TryParse(name, out IPAddress? address) && network.Contains(address);
        string domain = entry.TrimStart('*').TrimStart('.');
        return name.Equals(domain, StringComparison.OrdinalIgnoreCase) || name.EndsWith('.' + domain, StringComparison.OrdinalIgnoreCase);
    }

    private static Uri? Proxy(Func<string, string?> read, params ReadOnlySpan<string> names)
    {
        foreach (string name in names)
        {
            if (Value(read, name) is not { } value) continue;
            string url = value.Contains("://", StringComparison.Ordinal) ? value : "http://" + value;
            if (Uri.TryCreate(url, UriKind.Absolute, out Uri? proxy) && proxy.Scheme is "http" or "https" or "socks4" or "socks4a" or "socks5") return proxy;
            throw new UserError($"The variable {name} holds no proxy's URL. Set it to http://HOST:PORT, or unset it.");
        }

        return null;
    }

    private static string? Value(Func<string, string?> read, params ReadOnlySpan<string> names)
    {
        foreach (string name in names)
        {
            if (read(name) is { } value && value.Trim() is { Length: > 0 } trimmed) return trimmed;
        }

        return null;
    }

    /// <summary>User and password as they stand in the proxy's URL; asked for by the handler, with that URL.</summary>
    private sealed class ProxyCredentials : ICredentials
    {
        public NetworkCredential? GetCredential(Uri uri, string authType)
        {
            if (uri.UserInfo.Length == 0) return null;
            string[] parts = uri.UserInfo.Split(':', 2);
            return new NetworkCredential(Uri.UnescapeDataString(parts[0]), parts.Length > 1 ? Uri.UnescapeDataString(parts[1]) : "");
        }
    }
}
