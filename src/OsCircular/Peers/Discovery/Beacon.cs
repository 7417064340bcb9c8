using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace OsCircular.Peers.Discovery;

internal enum BeaconKind
{
    Hello,
    Bye,
}

/// <summary>A BEP 14 datagram: someone of these groups listens on this port of the address it comes from.</summary>
/// <param name="Groups">One in those we write; a BitTorrent client names several. 20 bytes each.</param>
/// <param name="Port">TCP, 1 to 65535.</param>
/// <param name="Cookie">By which a sender knows its own; empty where there is none.</param>
internal sealed record Beacon(IReadOnlyList<PeerId> Groups, int Port, string Cookie, BeaconKind Kind)
{
    /// <summary>UDP.</summary>
    public const int MulticastPort = 6771;

    /// <summary>No beacon is longer, in bytes.</summary>
    public const int MaxLength = 1400;

    private const string FirstLine = "BT-SEARCH * HTTP/1.1";
    private const string Bye = "1 bye";

    /// <summary>239.192.152.143 or ff15::efc0:988f.</summary>
    public static IPAddress GroupAddress(AddressFamily family) =>
        family == AddressFamily.InterNetwork
            ? new IPAddress([239, 192, 152, 143])
            : new IPAddress([0xff, 0x15, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xef, 0xc0, 0x98, 0x8f]);

    /// <param name="destination">At least <see cref="MaxLength"/> bytes.</param>
    /// <param name="family">Of the network it goes to.</param>
    /// <returns>Bytes written.</returns>
    public int Write(Span<byte> destination, AddressFamily family)
    {
        var text = new StringBuilder();
        text.Append(CultureInfo.InvariantCulture, $"{FirstLine}\r\nHost: {new IPEndPoint(GroupAddress(family), MulticastPort)}\r\nPort: {Port}\r\n");
        foreach (PeerId group in Groups) text.Append(CultureInfo.InvariantCulture, $"Infohash: {group}\r\n");
        text.Append(CultureInfo.InvariantCulture, $"cookie: {Cookie}\r\nOscircular: {(Kind == BeaconKind.Bye ? Bye : "1 hello")}\r\n\r\n\r\n");
        return Encoding.ASCII.GetBytes(text.ToString(), destination);
    }

    /// <summary>
    /// Reads a datagram, ours or a BitTorrent client's. What it does not know it passes over: other headers, info-hashes of other lengths, and other words than
    /// <c>1 bye</c>, for whatever else a newer agent may say, it is there.
    /// </summary>
    public static bool TryParse(ReadOnlySpan<byte> datagram, [NotNullWhen(true)] out Beacon? beacon)
    {
        beacon = null;
        if (datagram.Length > MaxLength) return false;
        string[] lines = Encoding.Latin1.GetString(datagram).Split('\n');
        if (lines[0].TrimEnd('\r') != FirstLine) return false;
        var groups = new List<PeerId>();
        var values = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        foreach (string line in lines.AsSpan(1))
        {
            if (line is "" or "\r") break;
            int colon = line.IndexOf(':');
            if (colon <= 0) return false;
            string name = line[..colon].Trim();
            string value = line[(colon + 1)..].Trim();
            if (!name.Equals("Infohash", StringComparison.OrdinalIgnoreCase)) values.TryAdd(name, value);
            else if (PeerId.TryParse(value.ToLowerInvariant(), out PeerId group)) groups.Add(group);
        }

        if (groups.Count == 0 || !TryPort(values.GetValueOrDefault("Port"), out int port)) return false;
        BeaconKind kind = values.GetValueOrDefault("Oscircular") == Bye ? BeaconKind.Bye : BeaconKind.Hello;
        beacon = new Beacon(groups, port, values.GetValueOrDefault("cookie", ""), kind);
        return true;
    }

    private static bool TryPort(string? text, out int port) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out port) && port is >= 1 and <= IPEndPoint.MaxPort;
}
