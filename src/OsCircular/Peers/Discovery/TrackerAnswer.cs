using System.Buffers.Binary;
using System.Net;
using System.Text;

namespace OsCircular.Peers.Discovery;

/// <summary>A tracker's answer to an announce: peers and when to come again, or a problem.</summary>
/// <param name="Problem">One line; null where all is well.</param>
/// <param name="Peers">At most <see cref="MostPeers"/>; perhaps with ourselves among them.</param>
/// <param name="Interval">Until the next announce, 30 s to 1 h.</param>
internal sealed record TrackerAnswer(string? Problem, IReadOnlyList<IPEndPoint> Peers, TimeSpan Interval)
{
    /// <summary>Further ones are passed over: we ask for fifty.</summary>
    public const int MostPeers = 256;

    public static readonly TimeSpan LeastInterval = TimeSpan.FromSeconds(30);
    public static readonly TimeSpan MostInterval = TimeSpan.FromHours(1);

    /// <summary>What a tracker that names no interval means, by custom.</summary>
    public static readonly TimeSpan DefaultInterval = TimeSpan.FromMinutes(30);

    private const int MostReasonLetters = 200;

    public static TrackerAnswer Failed(string problem) => new(problem, [], DefaultInterval);

    /// <summary>Reads a body.</summary>
    /// <param name="body">At most <see cref="Bencode.MaxLength"/> bytes; a longer one is a problem like any other.</param>
    public static TrackerAnswer Parse(ReadOnlyMemory<byte> body)
    {
        if (!Bencode.TryParse(body, out BencodeValue? value) || value.Members is not { } members) return Failed("what it answers is not a tracker's answer");
        if (members.TryGetValue("failure reason", out BencodeValue? reason)) return Failed("it refuses: " + Line(reason.Bytes));
        long interval = Math.Max(Seconds(members, "interval") ?? (long)DefaultInterval.TotalSeconds, Seconds(members, "min interval") ?? 0);
        var peers = new List<IPEndPoint>();
        if (members.TryGetValue("peers", out BencodeValue? four)) AddPeers(peers, four);
        if (members.TryGetValue("peers6", out BencodeValue? six) && six.Bytes is { } compact) AddCompact(peers, compact.Span, 16);
        return new TrackerAnswer(
            null, [.. peers.Where(IsUsable).Distinct().Take(MostPeers)],
            TimeSpan.FromSeconds(Math.Clamp(interval, (long)LeastInterval.TotalSeconds, (long)MostInterval.TotalSeconds)));
    }

    private static long? Seconds(IReadOnlyDictionary<string, BencodeValue> members, string name) => members.GetValueOrDefault(name)?.Integer;

    private static void AddPeers(List<IPEndPoint> peers, BencodeValue value)
    {
        if (value.Bytes is { } compact) AddCompact(peers, compact.Span, 4);
        foreach (BencodeValue item in value.Items ?? [])
        {
            // Names are not looked up: a tracker has no say in whom we ask what.
            if (item.Members is not { } peer || peer.GetValueOrDefault("ip")?.Bytes is not { } ip || peer.GetValueOrDefault("port")?.Integer is not { } port) continue;
            if (port is < 1 or > IPEndPoint.MaxPort || !IPAddress.TryParse(Encoding.Latin1.GetString(ip.Span), out IPAddress? address)) continue;
            peers.Add(new IPEndPoint(address, (int)port));
        }
    }

    // BEP 23 and BEP 7: address and port in network order, one after the other. A torn last one is passed over.
    private static void AddCompact(List<IPEndPoint> peers, ReadOnlySpan<byte> bytes, int addressLength)
    {
        for (; bytes.Length >= addressLength + 2; bytes = bytes[(addressLength + 2)..])
        {
            peers.Add(new IPEndPoint(new IPAddress(bytes[..addressLength]), BinaryPrimitives.ReadUInt16BigEndian(bytes[addressLength..])));
        }
    }

    private static bool IsUsable(IPEndPoint peer) =>
        peer.Port != 0 && !peer.Address.Equals(IPAddress.Any) && !peer.Address.Equals(IPAddress.IPv6Any) && !peer.Address.Equals(IPAddress.Broadcast)
        && !peer.Address.IsIPv6Multicast && !(peer.Address.GetAddressBytes() is [>= 224 and <= 239, _, _, _]);

    // A stranger's words go into a log line: no line breaks, no escape sequences, not much.
    private static string Line(ReadOnlyMemory<byte>? text)
    {
        string letters = text is { } bytes ? Encoding.UTF8.GetString(bytes.Span[..Math.Min(bytes.Length, MostReasonLetters)]) : "no reason given";
        return string.Concat(letters.Select(letter => char.IsControl(letter) ? ' ' : letter)).Trim();
    }
}
