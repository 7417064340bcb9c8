using System.Net;

namespace OsCircular.Peers.Discovery;

/// <summary>What an interface leads to.</summary>
public enum LinkKind
{
    /// <summary>A network that other hosts may be on.</summary>
    Lan,

    /// <summary>This host.</summary>
    Loopback,

    /// <summary>One other end, near or far: tunnels, TUN and TAP, modems.</summary>
    PointToPoint,

    /// <summary>A bridge with no physical device below it: to guests and containers of this host.</summary>
    GuestBridge,

    /// <summary>Part of a bridge, which speaks for it.</summary>
    BridgePort,
}

/// <summary>A network interface as it stands now.</summary>
/// <param name="Index">The kernel's, at least 1; never used for another one while this host runs.</param>
/// <param name="Multicast">Whether it carries multicast.</param>
public sealed record NetworkLink(string Name, int Index, LinkKind Kind, bool IsUp, bool Multicast, IReadOnlyList<LinkAddress> Addresses);

/// <param name="Address">Never IPv4-mapped.</param>
/// <param name="PrefixLength">Bits of the subnet, 0 to 32 or 128.</param>
public readonly record struct LinkAddress(IPAddress Address, int PrefixLength)
{
    /// <summary>Whether the other address lies in this one's subnet. A prefix of 0 bits is no subnet but everything, and holds nothing.</summary>
    public bool Reaches(IPAddress other)
    {
        if (PrefixLength == 0 || other.AddressFamily != Address.AddressFamily) return false;
        Span<byte> mine = stackalloc byte[16];
        Span<byte> theirs = stackalloc byte[16];
        _ = Address.TryWriteBytes(mine, out int length);
        _ = other.TryWriteBytes(theirs, out _);
        int whole = Math.Min(PrefixLength, 8 * length) / 8;
        int rest = Math.Min(PrefixLength, 8 * length) % 8;
        return mine[..whole].SequenceEqual(theirs[..whole]) && (rest == 0 || (mine[whole] ^ theirs[whole]) >> (8 - rest) == 0);
    }
}
