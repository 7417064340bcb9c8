using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Net;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace OsCircular.Peers.Discovery;

/// <param name="Seen">When it was last alive, by whatever clock this host had: for people to read, and nothing is decided by it.</param>
public readonly record struct RememberedPeer(IPEndPoint Address, DateOnly Seen);

/// <summary>The addresses of members met in an earlier run, as the bytes of a small file. Where the file lies and when it is written is the caller's to say.</summary>
public static class RememberedPeers
{
    public const int Format = 1;

    /// <summary>Further ones are passed over, written or read.</summary>
    public const int Most = 256;

    /// <summary>No file is longer, in bytes.</summary>
    public const int MaxLength = 64 * 1024;

    private const string DateFormat = "yyyy-MM-dd";

    /// <param name="peers">The most useful first. Addresses of a scope (IPv6 link-local) are left out: the number of an interface outlives no restart.</param>
    public static byte[] Serialize(IEnumerable<RememberedPeer> peers)
    {
        IEnumerable<RememberedPeerDocument> kept = peers
            .Where(peer => peer.Address.Port != 0 && !peer.Address.Address.IsIPv6LinkLocal)
            .Take(Most)
            .Select(peer => new RememberedPeerDocument(Text(peer.Address), peer.Seen.ToString(DateFormat, CultureInfo.InvariantCulture)));
        return [.. JsonSerializer.SerializeToUtf8Bytes(new RememberedPeersDocument(Format, [.. kept]), RememberedPeersContext.Default.RememberedPeersDocument), (byte)'\n'];
    }

    /// <summary>Reads such a file. One peer that is wrong makes all of it wrong: what is not as it was written is not to be relied on.</summary>
    public static bool TryParse(ReadOnlySpan<byte> bytes, [NotNullWhen(true)] out IReadOnlyList<RememberedPeer>? peers)
    {
        peers = null;
        if (bytes.Length > MaxLength) return false;
        try
        {
            RememberedPeersDocument? document = JsonSerializer.Deserialize(bytes, RememberedPeersContext.Default.RememberedPeersDocument);
            if (document is not { Format: Format } || document.Peers.Count > Most) return false;
            var read = new List<RememberedPeer>();
            foreach (RememberedPeerDocument? peer in document.Peers)
            {
                if (peer is null || !TryAddress(peer.Address, out IPEndPoint? address)) return false;
                if (!DateOnly.TryParseExact(peer.Seen, DateFormat, CultureInfo.InvariantCulture, DateTimeStyles.None, out DateOnly seen)) return false;
                read.Add(new RememberedPeer(address, seen));
            }

            peers = read;
            return true;
        }
        catch (JsonException)
        {
            return false;
        }
    }

    // As Formats.md writes addresses: IPv4 is never mapped.
    private static string Text(IPEndPoint address) =>
        (address.Address.IsIPv4MappedToIPv6 ? new IPEndPoint(address.Address.MapToIPv4(), address.Port) : address).ToString();

    // Back again it must be the same text: .NET would take "7117" for the address 0.0.27.205.
    private static bool TryAddress(string text, [NotNullWhen(true)] out IPEndPoint? address) =>
        IPEndPoint.TryParse(text, out address) && address.Port != 0 && address.ToString() == text;
}

internal sealed record RememberedPeersDocument(int Format, IReadOnlyList<RememberedPeerDocument?> Peers);

internal sealed record RememberedPeerDocument(string Address, string Seen);

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    MaxDepth = 8,
    AllowDuplicateProperties = false,
    RespectNullableAnnotations = true,
    RespectRequiredConstructorParameters = true)]
[JsonSerializable(typeof(RememberedPeersDocument))]
internal sealed partial class RememberedPeersContext : JsonSerializerContext;
