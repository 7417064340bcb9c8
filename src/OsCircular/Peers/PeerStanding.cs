namespace OsCircular.Peers;

/// <summary>What this agent has to say for itself.</summary>
/// <param name="Repository">The repository's ID; null before a head is adopted.</param>
/// <param name="Sequence">Of the adopted head; 0 before.</param>
/// <param name="Fetches">Whether a mirror may answer.</param>
public readonly record struct PeerStanding(string? Repository, long Sequence, bool Fetches);
