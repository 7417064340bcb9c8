using System.Globalization;
using System.Net;
using System.Net.Sockets;
using OsCircular.Blocks;

namespace OsCircular.Agent.Serving;

/// <summary>Where to listen, as a user writes it: <c>ADDR:PORT</c>, <c>[::]:PORT</c>, <c>localhost:PORT</c>, or <c>:PORT</c> for every address.</summary>
public static class ListenAddress
{
    /// <param name="text">Port 0 takes a free one.</param>
    /// <param name="option">For the message: the option it was given by.</param>
    /// <exception cref="UserError">It is no address and port.</exception>
    public static IPEndPoint Parse(string text, string option = "--listen")
    {
        int colon = text.LastIndexOf(':');
        if (colon < 0) throw Wrong(text, option, "it has no port");
        string host = text[..colon];
        if (!ushort.TryParse(text.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out ushort port))
        {
            throw Wrong(text, option, "the port is no number from 0 to 65535");
        }

        if (host.Contains(':') && !(host.StartsWith('[') && host.EndsWith(']'))) throw Wrong(text, option, "an IPv6 address stands in brackets");
        return new IPEndPoint(Address(host) ?? throw Wrong(text, option, $"'{host}' is no IP address"), port);
    }

    private static IPAddress? Address(string host) => host switch
    {
        // Listens on IPv4 too, where there is IPv6 at all.
        "" or "*" => Socket.OSSupportsIPv6 ? IPAddress.IPv6Any : IPAddress.Any,
        "localhost" => IPAddress.Loopback,
        _ => IPAddress.TryParse(host, out IPAddress? address) ? address : null,
    };

    private static UserError Wrong(string text, string option, string why) =>
        new($"{option} '{text}': {why}. Write 0.0.0.0:8080, [::]:8080, 127.0.0.1:8080 or :8080.", UserError.WrongUsage);
}
