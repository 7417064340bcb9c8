using System.Net;

namespace OsCircular.Peers.Discovery;

/// <summary>Where every part of discovery brings what it finds. May be called in parallel; answers at once and never throws. The same address may come again and again.</summary>
public interface IPeerFinds
{
    /// <summary>Perhaps an agent listens there; only a greeting tells.</summary>
    void Found(IPEndPoint address, PeerFindSource source);

    /// <summary>Someone said that the agent there ends: a hint, for anybody could have said it.</summary>
    void Leaving(IPEndPoint address);
}

/// <summary>How an address came to be known.</summary>
public enum PeerFindSource
{
    /// <summary>A multicast datagram on a directly connected network.</summary>
    Beacon,

    /// <summary>The user named it.</summary>
    Configured,

    /// <summary>A peer named it.</summary>
    Peers,

    /// <summary>A tracker named it.</summary>
    Tracker,

    /// <summary>Known from an earlier run.</summary>
    Remembered,
}
