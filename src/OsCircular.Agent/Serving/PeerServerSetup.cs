using System.Net;
using OsCircular.Peers;
using OsCircular.Peers.Access;

namespace OsCircular.Agent.Serving;

/// <summary>What a <see cref="PeerServer"/> serves, and to whom.</summary>
/// <param name="Folder">The cache's; only a repository's paths in it are ever opened.</param>
/// <param name="Group">With a key, only requests that prove it are answered.</param>
/// <param name="MayBeMember">Asked for the asker's address where the group has no key; quick, and may be called in parallel.</param>
/// <param name="Desk">The agent behind it.</param>
/// <param name="Options">Validated.</param>
/// <param name="MayRead">Whether to look into the folder: not where its disk hangs, for each who does is held. Null: always.</param>
public sealed record PeerServerSetup(string Folder, PeerGroup Group, Func<IPAddress, bool> MayBeMember, IPeerDesk Desk, PeerServerOptions Options, Func<bool>? MayRead = null);
