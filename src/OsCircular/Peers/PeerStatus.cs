namespace OsCircular.Peers;

public enum PeerState
{
    /// <summary>Answers.</summary>
    Alive,

    /// <summary>Did not answer the last look; is looked at again.</summary>
    Silent,

    /// <summary>Failed too often when it was asked for blocks; is asked again in a moment.</summary>
    Resting,

    /// <summary>Sent wrong bytes.</summary>
    Banned,
}

/// <summary>One peer as <c>peers</c> shows it: a snapshot.</summary>
public sealed record PeerStatus
{
    public required string Address { get; init; }
    public required PeerId Id { get; init; }
    public required PeerState State { get; init; }

    /// <summary>Why it is in that state, in one clause; null where it is alive.</summary>
    public required string? Why { get; init; }

    public required string? Repository { get; init; }
    public required long Sequence { get; init; }

    /// <summary>Whether it says that it can fetch from a mirror.</summary>
    public required bool Fetches { get; init; }

    /// <summary>Names of blocks and documents in its summary.</summary>
    public required int Offers { get; init; }

    /// <summary>Good bytes that came from it: held by it, or fetched by it as home.</summary>
    public required long BytesReceived { get; init; }

    public required long BytesSent { get; init; }

    /// <summary>To the first byte of what it holds; null where nothing was measured.</summary>
    public required TimeSpan? Latency { get; init; }

    /// <summary>Of what it holds; 0 where nothing was measured.</summary>
    public required double BytesPerSecond { get; init; }

    public required long Requests { get; init; }

    /// <summary>Since it was last heard of.</summary>
    public required TimeSpan Quiet { get; init; }

    public required int Bans { get; init; }
    public required string? LastError { get; init; }
}

/// <summary>All peers together: a snapshot.</summary>
/// <param name="Peers">Each of them.</param>
/// <param name="Blocks">Blocks that came from peers: for this host's readers and filling, and for those whose home it is.</param>
/// <param name="Bytes">Good bytes of blocks and documents from peers: what this host did not take over the uplink itself.</param>
/// <param name="FetchedForOthers">Bytes of block files that this host fetched from mirrors because peers asked.</param>
/// <param name="Duplicates">Blocks that this host and another both fetched from a mirror; each of the two counts it.</param>
/// <param name="SummaryBytes">Memory that summaries take.</param>
/// <param name="WrongBytes">Answers with wrong bytes.</param>
public sealed record PeersStatus(
    IReadOnlyList<PeerStatus> Peers, long Blocks, long Bytes, long FetchedForOthers, long Duplicates, long SummaryBytes, long WrongBytes);
