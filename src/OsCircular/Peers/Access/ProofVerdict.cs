namespace OsCircular.Peers.Access;

/// <summary>What became of a request's proof. Everything but <see cref="Accepted"/> is answered with 401.</summary>
public enum ProofVerdict
{
    Accepted,

    /// <summary>There is none: the asker does not know this connection's nonce yet.</summary>
    Absent,

    /// <summary>It is not of the form that Formats.md says.</summary>
    Malformed,

    /// <summary>Made with another key, for another connection, listener or request.</summary>
    Wrong,

    /// <summary>Right, but its counter has been used on this connection, or a higher one.</summary>
    Used,
}
