namespace OsCircular.Peers.Access;

/// <summary>What a proof covers of a request, apart from nonces and counter: as it stands on the wire, empty where a header is absent.</summary>
/// <param name="Method"><c>GET</c> or <c>HEAD</c>.</param>
/// <param name="Target">The path with its query, as in the request line.</param>
/// <param name="Peer">The value of <c>Oscircular-Peer</c>.</param>
/// <param name="Hello">... of <c>Oscircular-Hello</c>.</param>
/// <param name="Fetch">... of <c>Oscircular-Fetch</c>.</param>
/// <param name="Length">... of <c>Oscircular-Length</c>.</param>
/// <param name="Class">... of <c>Oscircular-Class</c>.</param>
public readonly record struct PeerRequest(
    string Method, string Target, string Peer = "", string Hello = "", string Fetch = "", string Length = "", string Class = "")
{
    /// <summary>Whether no field could be taken for two: a line feed is what parts them in the text that is signed.</summary>
    public bool IsOneLineEach =>
        !(Method.Contains('\n') || Target.Contains('\n') || Peer.Contains('\n') || Hello.Contains('\n') || Fetch.Contains('\n') || Length.Contains('\n') || Class.Contains('\n'));
}
