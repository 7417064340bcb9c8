using System.Net;
using OsCircular.Agent.Configuration;
using OsCircular.Blocks;
using OsCircular.Cache;
using OsCircular.Peers;
using OsCircular.Peers.Discovery;

namespace OsCircular.Agent.Hosting;

/// <summary>Where this host stands among its peers: who it is, where it listens, whom it knew.</summary>
internal static class PeerPlaces
{
    /// <summary>In the cache's <c>agent/</c> folder.</summary>
    public const string FileName = "peers.json";

    public static IPEndPoint DefaultListen { get; } = Serving.ListenAddress.Parse($":{PeerOptions.DefaultPort}");

    /// <summary>The agent's id: of this boot, this network and this cache, so that no cloned disk has it too.</summary>
    public static PeerId OwnId(string cacheDirectory) => PeerId.Derive(
        File.ReadAllText("/proc/sys/kernel/random/boot_id").Trim(),
        new FileInfo("/proc/self/ns/net").LinkTarget ?? "",
        RuntimeDirectory.IdentityOf(cacheDirectory));

    /// <exception cref="UserError">A peer is named that only a group key could let in.</exception>
    public static void Check(PeerSettings settings, Neighbours neighbours)
    {
        if (settings.Group.Key is not null) return;
        string[] far = [.. settings.Addresses.Where(peer => peer.Address is { } address && !neighbours.MayBeMember(address)).Select(peer => peer.ToString())];
        if (far.Length > 0)
            throw new UserError($"--peer {string.Join(", ", far)}: in no directly connected network, so it needs a group key; give one with --group-key FILE, here and there", UserError.WrongUsage);
    }

    /// <summary>The members of an earlier run; none where the file is not there or not ours: they are only a help.</summary>
    public static IReadOnlyList<RememberedPeer> Remembered(StateFile known)
    {
        try
        {
            return known.TryRead() is { } bytes && RememberedPeers.TryParse(bytes, out IReadOnlyList<RememberedPeer>? peers) ? peers : [];
        }
        catch (UserError)
        {
            return [];
        }
    }
}
