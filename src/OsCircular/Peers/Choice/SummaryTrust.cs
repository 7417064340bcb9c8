namespace OsCircular.Peers.Choice;

/// <summary>
/// Whether a summary is worth looking at: one that promised a run of blocks and kept none is passed over for a while, doubling, so that a peer that claims
/// everything costs its group a few requests and not one for each block. A lone miss means nothing: blocks are evicted. Thread-safe.
/// </summary>
public sealed class SummaryTrust
{
    /// <summary>Broken promises in a row that end the trust.</summary>
    public const int MostBroken = 8;

    private static readonly TimeSpan FirstPause = TimeSpan.FromSeconds(30);
    private const int MaxDoublings = 6;

    private readonly TimeProvider _time;
    private readonly Lock _lock = new();
    private int _broken;
    private int _pauses;
    private long? _pausedAt;

    public SummaryTrust(TimeProvider time) => _time = time;

    public bool IsTrusted
    {
        get
        {
            lock (_lock) return _pausedAt is not { } at || _time.GetElapsedTime(at) >= FirstPause * (1 << Math.Min(_pauses - 1, MaxDoublings));
        }
    }

    /// <summary>It gave what its summary promised.</summary>
    public void NoteKept()
    {
        lock (_lock)
        {
            _broken = 0;
            _pauses = 0;
            _pausedAt = null;
        }
    }

    /// <summary>It did not hold what its summary promised.</summary>
    public void NoteBroken()
    {
        lock (_lock)
        {
            if (++_broken < MostBroken) return;
            _broken = 0;
            _pauses++;
            _pausedAt = _time.GetTimestamp();
        }
    }
}
