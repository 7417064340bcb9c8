using System.Net.NetworkInformation;

namespace OsCircular.Peers.Discovery;

/// <summary>Reads the interfaces of this host, or of the network namespace it runs in.</summary>
internal static class NetworkLinks
{
    public const string SysFolder = "/sys/class/net";

    // A bridge over a VLAN over a bond over a card is four.
    private const int DeepestLayer = 4;

    /// <exception cref="NetworkInformationException">The kernel does not tell.</exception>
    public static IReadOnlyList<NetworkLink> Read() => [.. NetworkInterface.GetAllNetworkInterfaces().Select(Read)];

    /// <param name="folder">
    /// Usually <see cref="SysFolder"/>. In a network namespace it may still show the namespace outside; what is not found there is taken for a plain interface.
    /// </param>
    internal static LinkKind KindOf(string name, NetworkInterfaceType type, string folder)
    {
        string own = Path.Combine(folder, name);
        if (type == NetworkInterfaceType.Loopback) return LinkKind.Loopback;
        if (type is not (NetworkInterfaceType.Ethernet or NetworkInterfaceType.Wireless80211)) return LinkKind.PointToPoint;
        if (Path.Exists(Path.Combine(own, "tun_flags"))) return LinkKind.PointToPoint;
        if (Path.Exists(Path.Combine(own, "brport"))) return LinkKind.BridgePort;
        if (!Path.Exists(Path.Combine(own, "bridge"))) return LinkKind.Lan;
        return Ports(own).Any(port => IsPhysical(port, folder, 1)) ? LinkKind.Lan : LinkKind.GuestBridge;
    }

    private static NetworkLink Read(NetworkInterface link)
    {
        IPInterfaceProperties properties = link.GetIPProperties();
        return new NetworkLink(
            link.Name,
            properties.GetIPv4Properties().Index,
            KindOf(link.Name, link.NetworkInterfaceType, SysFolder),

            // Where sysfs is another namespace's, the state is unknown.
            link.OperationalStatus is OperationalStatus.Up or OperationalStatus.Unknown,
            link.SupportsMulticast,
            [.. properties.UnicastAddresses.Select(each => new LinkAddress(each.Address, each.PrefixLength))]);
    }

    private static IEnumerable<string> Ports(string bridge)
    {
        string folder = Path.Combine(bridge, "brif");
        return Directory.Exists(folder) ? Directory.EnumerateFileSystemEntries(folder).Select(port => Path.GetFileName(port)!) : [];
    }

    // VLANs and bonds have no device of their own, but a link to what they lie on.
    private static bool IsPhysical(string name, string folder, int layer)
    {
        string own = Path.Combine(folder, name);
        if (Path.Exists(Path.Combine(own, "device"))) return true;
        if (layer == DeepestLayer || !Directory.Exists(own)) return false;
        return Directory.EnumerateFileSystemEntries(own, "lower_*").Any(lower => IsPhysical(Path.GetFileName(lower)["lower_".Length..], folder, layer + 1));
    }
}
