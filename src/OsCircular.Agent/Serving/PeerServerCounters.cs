namespace OsCircular.Agent.Serving;

/// <summary>What became of a request.</summary>
public enum PeerAnswer
{
    /// <summary>200 and 206.</summary>
    Given,

    /// <summary>304.</summary>
    Unchanged,

    /// <summary>202.</summary>
    Working,

    /// <summary>404 and 416 for a path of ours: not held, or not that part.</summary>
    Missing,

    /// <summary>Any <see cref="PeerRefusal"/>.</summary>
    Refused,

    /// <summary>A file that could not be read, or an asker that went before the end.</summary>
    Failed,
}

/// <summary>What the listener did since it started. Thread-safe; apart from what runs now, each number only grows.</summary>
internal sealed class PeerServerCounters
{
    private readonly long[] _answers = new long[Enum.GetValues<PeerAnswer>().Length];
    private readonly long[] _refusals = new long[Enum.GetValues<PeerRefusal>().Length];
    private int _connections;
    private long _bytesOut;

    public int Connections => Volatile.Read(ref _connections);

    public long BytesOut => Interlocked.Read(ref _bytesOut);

    public long this[PeerAnswer answer] => Interlocked.Read(ref _answers[(int)answer]);

    public long this[PeerRefusal refusal] => Interlocked.Read(ref _refusals[(int)refusal]);

    public void Opened() => Interlocked.Increment(ref _connections);

    public void Closed() => Interlocked.Decrement(ref _connections);

    public void Answered(PeerAnswer answer) => Interlocked.Increment(ref _answers[(int)answer]);

    public void Refused(PeerRefusal refusal) => Interlocked.Increment(ref _refusals[(int)refusal]);

    /// <summary>Body bytes of any answer.</summary>
    public void Sent(long bytes) => Interlocked.Add(ref _bytesOut, bytes);
}

/// <summary>One look at the listener, for <c>status</c>.</summary>
/// <param name="Connections">Open now.</param>
/// <param name="Uploads">Running now.</param>
/// <param name="Fetches">Running now on behalf of peers.</param>
/// <param name="BytesOut">Body bytes sent since it started.</param>
/// <param name="Answers">Requests since it started, by what became of them.</param>
/// <param name="Refusals">Those refused, by why.</param>
public sealed record PeerServerStatus(
    int Connections,
    int Uploads,
    int Fetches,
    long BytesOut,
    IReadOnlyDictionary<PeerAnswer, long> Answers,
    IReadOnlyDictionary<PeerRefusal, long> Refusals);
