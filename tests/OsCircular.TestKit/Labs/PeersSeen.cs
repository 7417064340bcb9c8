using System.Net;
using System.Text.Json;

namespace OsCircular.TestKit.Labs;

/// <summary>What one agent says of its group: <c>peers --json</c>.</summary>
/// <param name="Own">Its own id.</param>
/// <param name="Peers">The members it knows, in any state.</param>
/// <param name="Json">All of it, for a failing test's message.</param>
public sealed record PeersSeen(string Own, IReadOnlyList<PeerSeen> Peers, string Json)
{
    public IEnumerable<PeerSeen> Live => Peers.Where(peer => peer.State is "alive" or "resting");

    /// <summary>Whether the agent on this host is known and alive.</summary>
    public bool Sees(LabHost host) => Live.Any(peer => peer.IsOn(host));

    internal static PeersSeen Parse(string json)
    {
        using JsonDocument document = JsonDocument.Parse(json);
        JsonElement root = document.RootElement;
        PeerSeen[] peers = [.. root.GetProperty("peers").EnumerateArray().Select(peer => new PeerSeen(
            peer.GetProperty("id").GetString() ?? "", peer.GetProperty("address").GetString()!, peer.GetProperty("state").GetString()!,
            peer.GetProperty("offers").GetInt32()))];
        return new PeersSeen(root.GetProperty("sum").GetProperty("id").GetString()!, peers, json);
    }
}

/// <param name="Id">40 hex digits; empty before it was met.</param>
/// <param name="Address">Address and port.</param>
/// <param name="State"><c>alive</c>, <c>resting</c>, <c>silent</c> or <c>banned</c>.</param>
/// <param name="Offers">Names that it is known to hold.</param>
public sealed record PeerSeen(string Id, string Address, string State, int Offers)
{
    public bool IsOn(LabHost host) => IPEndPoint.TryParse(Address, out IPEndPoint? at) && (at.Address.Equals(host.Address) || at.Address.Equals(host.Address6));
}
