namespace OsCircular.Peers.Access;

/// <summary>What makes one proven request unlike any other; its answer's proof covers it again.</summary>
/// <param name="Asker">Drawn by the asker for this request.</param>
/// <param name="Connection">Drawn by the listener for this connection.</param>
/// <param name="Counter">1 to <see cref="MaxCounter"/>, used once on this connection.</param>
public readonly record struct ProofContext(PeerNonce Asker, PeerNonce Connection, long Counter)
{
    /// <summary>2^53: every language can count so far.</summary>
    public const long MaxCounter = 1L << 53;
}
