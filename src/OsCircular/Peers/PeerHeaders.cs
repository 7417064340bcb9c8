namespace OsCircular.Peers;

/// <summary>The headers that peers add to HTTP; their values stand in Formats.md.</summary>
public static class PeerHeaders
{
    /// <summary>Of every request: the asker's id.</summary>
    public const string Peer = "Oscircular-Peer";

    /// <summary>Of greetings and polls, both ways: a <see cref="PeerHello"/>.</summary>
    public const string Hello = "Oscircular-Hello";

    /// <summary><see cref="FetchAsHome"/> or <see cref="FetchJoin"/>; without it only what is held is given.</summary>
    public const string Fetch = "Oscircular-Fetch";

    /// <summary>Be the home: fetch it from a mirror where it is not held.</summary>
    public const string FetchAsHome = "1";

    /// <summary>Wait for it where it is being fetched already; else 404.</summary>
    public const string FetchJoin = "join";

    /// <summary><c>reader</c>, <c>profile</c> or <c>fill</c>: for whom it is wanted. Absent: reader.</summary>
    public const string Class = "Oscircular-Class";

    /// <summary>With a fetch of a block: bytes of the block file, as the index row says.</summary>
    public const string Length = "Oscircular-Length";

    /// <summary>Of a 202: milliseconds until the home expects to have it.</summary>
    public const string Estimate = "Oscircular-Estimate";

    /// <summary>Both ways: 16 bytes of chance in hex, for the other's proof to cover.</summary>
    public const string Nonce = "Oscircular-Nonce";

    /// <summary>Both ways: that the sender knows the group's key.</summary>
    public const string Proof = "Oscircular-Proof";
}
