using System.Net;
using OsCircular.Peers.Access;
using OsCircular.Peers.Discovery;

namespace OsCircular.Peers;

/// <summary>Who may be a member of the group.</summary>
/// <param name="Group">The group.</param>
/// <param name="Key">What members prove that they know; null where nothing is proven, and only connected subnets are let in.</param>
/// <param name="Neighbours">Which hosts are connected.</param>
public sealed record PeerAccess(PeerId Group, GroupKey? Key, Neighbours Neighbours)
{
    /// <summary>Whether a host at this address may be one at all.</summary>
    public bool MayBeMember(IPAddress address) => Key is not null || Neighbours.MayBeMember(address);
}
