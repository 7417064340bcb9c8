using System.Globalization;
using System.Net;
using System.Net.Sockets;
using OsCircular.Blocks;

namespace OsCircular.Peers.Discovery;

/// <summary>What a user may write as a peer: <c>HOST</c>, <c>HOST:PORT</c>, <c>[IPV6]</c> or <c>[IPV6]:PORT</c>, the host a name or an IPv4 address.</summary>
public sealed record PeerAddressText
{
    public const int DefaultPort = PeerOptions.DefaultPort;

    private PeerAddressText(string host, int port)
    {
        Host = host;
        Port = port;
        Address = IPAddress.TryParse(host, out IPAddress? address) ? address : null;
    }

    /// <summary>Without brackets.</summary>
    public string Host { get; }

    /// <summary>TCP, 1 to 65535.</summary>
    public int Port { get; }

    /// <summary>The host, where it is an address and no name.</summary>
    public IPAddress? Address { get; }

    /// <exception cref="UserError">It is no peer; the message says why.</exception>
    public static PeerAddressText Parse(string text)
    {
        if (string.IsNullOrWhiteSpace(text)) throw Wrong(text, "it is empty");
        if (text.Contains("://", StringComparison.Ordinal)) throw Wrong(text, "a URL is not wanted here");
        int close = text.StartsWith('[') ? text.IndexOf(']') : -1;
        if (text.StartsWith('[') && close < 0) throw Wrong(text, "the ] is missing");
        if (close < 0 && text.Count(letter => letter == ':') > 1) throw Wrong(text, "an IPv6 address stands in brackets");

        int colon = text.IndexOf(':', Math.Max(close, 0));
        string host = close < 0 ? text[..(colon < 0 ? text.Length : colon)] : text[1..close];
        string? port = colon < 0 ? null : text[(colon + 1)..];
        if (close >= 0 && close + 1 != (colon < 0 ? text.Length : colon)) throw Wrong(text, "between ] and the port stands only a colon");
        if (close >= 0 ? !IsV6(host) : !IsV4OrName(host)) throw Wrong(text, close >= 0 ? $"{host} is no IPv6 address" : "the host is neither a name nor an IPv4 address");
        return new PeerAddressText(host, port is null ? DefaultPort : PortOf(port) ?? throw Wrong(text, "the port is no number from 1 to 65535"));
    }

    public override string ToString() => Host.Contains(':') ? $"[{Host}]:{Port}" : $"{Host}:{Port}";

    private static bool IsV6(string host) => IPAddress.TryParse(host, out IPAddress? address) && address.AddressFamily == AddressFamily.InterNetworkV6;

    // What consists of numbers and dots is an address or a mistake: "10.1" would else be 10.0.0.1.
    private static bool IsV4OrName(string host) => Uri.CheckHostName(host) switch
    {
        UriHostNameType.Dns => !host.Split('.')[^1].All(char.IsAsciiDigit),
        UriHostNameType.IPv4 => IPAddress.TryParse(host, out IPAddress? address) && address.ToString() == host,
        _ => false,
    };

    private static int? PortOf(string text) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int port) && port is >= 1 and <= IPEndPoint.MaxPort ? port : null;

    private static UserError Wrong(string text, string why) =>
        new($"'{text}' is no peer: {why}. Give HOST, HOST:PORT or [IPV6]:PORT; without a port it is {DefaultPort}.", UserError.WrongUsage);
}
