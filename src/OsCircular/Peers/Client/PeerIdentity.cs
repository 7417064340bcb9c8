using OsCircular.Peers.Access;

namespace OsCircular.Peers.Client;

/// <summary>Who asks.</summary>
/// <param name="Id">This agent's id.</param>
/// <param name="Hello">What it says of itself now.</param>
/// <param name="Key">What it proves that it knows; null where nothing is proven.</param>
internal sealed record PeerIdentity(PeerId Id, Func<PeerHello> Hello, GroupKey? Key)
{
    public string IdText { get; } = Id.ToString();
}
