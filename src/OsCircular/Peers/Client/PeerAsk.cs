using OsCircular.Sources;

namespace OsCircular.Peers.Client;

/// <summary>One request to a peer.</summary>
/// <param name="Path">With its leading slash, and its query.</param>
/// <param name="Fetch"><see cref="PeerHeaders.FetchAsHome"/>, <see cref="PeerHeaders.FetchJoin"/> or null.</param>
/// <param name="Length">With a fetch of a block: bytes of the block file.</param>
/// <param name="Class">For whom.</param>
/// <param name="WithHello">Whether this agent says who it is, and the answer must say the same.</param>
/// <param name="NoCache">Have the peer check its own file first.</param>
/// <param name="Expected">
/// Bytes of the body where the answer does not say: once it has begun it has the time that its length allows. Null: as long as all of it.
/// </param>
internal readonly record struct PeerAsk(
    string Path, string? Fetch = null, int? Length = null, FetchClass Class = FetchClass.Reader, bool WithHello = false, bool NoCache = false,
    int? Expected = null)
{
    /// <summary>The class as the header spells it; null where it goes without saying.</summary>
    public string? ClassText => Class switch
    {
        FetchClass.Reader => null,
        FetchClass.Profile => "profile",
        FetchClass.Fill => "fill",
        _ => throw new InvalidOperationException($"No such class: {Class}."),
    };
}

/// <summary>How a request to a peer went.</summary>
/// <param name="Error"><see cref="SourceError.None"/>: the body is whole, not verified. <see cref="SourceError.Refused"/> for 503 and 403.</param>
/// <param name="Detail">One line for people that says more than the error.</param>
/// <param name="Estimate">Not null: 202, it is on its way, and this long from now; the error is none and there is no body.</param>
/// <param name="Hello">What the peer said of itself, where that was asked for.</param>
/// <param name="IsWrong">The body came whole and is not what its name says: the peer's own doing. Nothing else that is invalid shows whose fault it is.</param>
/// <param name="IsBusy">503: it may do it in a moment.</param>
internal readonly record struct PeerAnswer(SourceError Error, string? Detail = null, TimeSpan? Estimate = null, PeerHello? Hello = null, bool IsWrong = false, bool IsBusy = false)
{
    public bool IsWorking => Estimate is not null;

    public static implicit operator PeerAnswer(SourceError error) => new(error);
}
