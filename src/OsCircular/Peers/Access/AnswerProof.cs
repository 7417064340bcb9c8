namespace OsCircular.Peers.Access;

/// <summary>
/// Proves that an answer to <c>/peers</c> or <c>/summary</c> comes from a member, and is the answer to this very request: an asker that has a key believes no
/// other.
/// </summary>
public static class AnswerProof
{
    /// <param name="context">Of the request that was accepted.</param>
    /// <param name="target">Its path with the query.</param>
    /// <param name="hello">The value of the answer's <c>Oscircular-Hello</c>.</param>
    /// <param name="body">All of it; what a GET would have brought, where it was a HEAD.</param>
    /// <returns>The value of the answer's <c>Oscircular-Proof</c>.</returns>
    public static string Make(GroupKey key, in ProofContext context, string target, string hello, ReadOnlySpan<byte> body) =>
        key.Sign(ProofText.OfAnswer(context, target, hello, body));

    /// <param name="context">Of the request as it was proven.</param>
    /// <param name="target">Its path with the query.</param>
    /// <param name="hello">As received; null where absent.</param>
    /// <param name="body">As received, all of it.</param>
    /// <param name="proof">As received; null where absent.</param>
    public static bool Verify(GroupKey key, in ProofContext context, string target, string? hello, ReadOnlySpan<byte> body, string? proof) =>
        proof is not null && hello is not null && !hello.Contains('\n') && key.Verify(ProofText.OfAnswer(context, target, hello, body), proof);
}
