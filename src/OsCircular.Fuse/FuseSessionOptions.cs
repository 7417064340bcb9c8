namespace OsCircular.Fuse;

/// <summary>How a connection is served.</summary>
public sealed record FuseSessionOptions
{
    /// <summary>
    /// Reader threads, 2 to 64. Two keep two cores busy (measured); two more stand in for those that wait for a local disk. One is never used for inline work.
    /// </summary>
    public int Threads { get; init; } = Math.Max(2, Environment.ProcessorCount) + 2;

    /// <summary>What INIT settled, where the connection was already served by another session or process.</summary>
    public FuseConnectionState? Negotiated { get; init; }

    /// <summary>
    /// Answers EIO to what the kernel sends a second time, INIT excepted: for a session whose predecessors all ended soon after they had begun, perhaps by one of those requests.
    /// </summary>
    public bool RefuseResent { get; init; }

    /// <summary>Called before INIT is answered, so that the state can be saved first; an exception ends the session without an answer.</summary>
    public Action<FuseConnectionState>? Negotiating { get; init; }
}
