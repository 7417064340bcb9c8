using System.Net;
using System.Text.Json;
using System.Text.Json.Serialization;
using OsCircular.Peers.Membership;

namespace OsCircular.Peers;

/// <summary>The body of <c>/peers</c>: whom else a member knows. See Formats.md.</summary>
/// <param name="Format">1.</param>
/// <param name="Peers">At most <see cref="Most"/>.</param>
internal sealed record PeersDocument(int Format, IReadOnlyList<PeersEntry?> Peers)
{
    public const int Known = 1;
    public const int Most = 64;

    /// <summary>No body is longer, in bytes.</summary>
    public const int MaxLength = 64 * 1024;

    /// <summary>The live members, some of them where there are too many.</summary>
    /// <param name="members">All that are known.</param>
    /// <param name="turn">Where in the list to begin, from 0 to 1: so that many answers together tell of all.</param>
    public static byte[] Write(Member[] members, double turn)
    {
        int first = (int)(turn * members.Length);
        IEnumerable<PeersEntry> entries = Enumerable.Range(0, members.Length)
            .Select(i => members[(first + i) % members.Length])
            .Where(member => member.IsUsable && !member.Address.Address.IsIPv6LinkLocal)
            .Take(Most)
            .Select(member => new PeersEntry(member.Address.ToString(), member.Id.ToString()));
        return JsonSerializer.SerializeToUtf8Bytes(new PeersDocument(Known, [.. entries]), PeersContext.Default.PeersDocument);
    }

    /// <summary>The addresses in a body; what is no address is passed over, and nothing is read of what is no such document.</summary>
    public static IReadOnlyList<IPEndPoint> Read(ReadOnlySpan<byte> body)
    {
        var addresses = new List<IPEndPoint>();
        if (body.Length > MaxLength) return addresses;
        try
        {
            PeersDocument? document = JsonSerializer.Deserialize(body, PeersContext.Default.PeersDocument);
            if (document is not { Format: Known }) return addresses;
            foreach (PeersEntry? entry in document.Peers.Take(Most))
            {
                if (entry?.Address is { Length: <= 64 } text && IPEndPoint.TryParse(text, out IPEndPoint? address) && address.Port != 0) addresses.Add(address);
            }
        }
        catch (JsonException)
        {
            addresses.Clear();
        }

        return addresses;
    }
}

internal sealed record PeersEntry(string Address, string Id);

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    MaxDepth = 8,
    RespectNullableAnnotations = true,
    RespectRequiredConstructorParameters = true)]
[JsonSerializable(typeof(PeersDocument))]
internal sealed partial class PeersContext : JsonSerializerContext;
