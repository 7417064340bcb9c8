using OsCircular.Sources;

namespace OsCircular.Library.Filling;

/// <summary>What became of one round.</summary>
/// <param name="Failures">Blocks or pages that could not be had or kept.</param>
/// <param name="LackedRoom">Whether something failed, and all of it only for want of room in the cache.</param>
/// <param name="Progressed">Whether it brought anything in.</param>
internal readonly record struct FillRound(long Failures, bool LackedRoom, bool Progressed);

/// <summary>Counts how far a fill has come. Thread-safe.</summary>
internal sealed class FillTally(FillTarget target, TimeProvider time)
{
    private readonly Lock _lock = new();

    // All guarded by _lock.
    private readonly BlockNumbers _held = new();
    private FillState _state = FillState.Waiting;
    private string? _problem;
    private (long Blocks, long Bytes)? _total;
    private (long Blocks, long Bytes) _done;
    private long _failures;
    private long _failuresInRow;
    private long _withoutRoom;
    private long _bytesFetched;
    private bool _progressed;
    private bool _heldBack;
    private long _lastProgress = time.GetTimestamp();

    /// <summary>So many failed since the last one that was brought in, in this round.</summary>
    public long FailuresInRow
    {
        get
        {
            lock (_lock) return _failuresInRow;
        }
    }

    public FillProgress Snapshot
    {
        get
        {
            lock (_lock)
            {
                return new FillProgress
                {
                    Image = target.Image,
                    Version = target.Version.Name,
                    ProfileOnly = target.ProfileOnly,
                    State = _heldBack && !HasEnded ? FillState.Pausing : _state,
                    BlocksDone = _done.Blocks,
                    BlocksTotal = _total?.Blocks,
                    BytesDone = _done.Bytes,
                    BytesTotal = _total?.Bytes,
                    BytesFetched = _bytesFetched,
                    Quiet = _heldBack ? TimeSpan.Zero : time.GetElapsedTime(_lastProgress),
                    Problem = _heldBack && !HasEnded ? "nothing is filled at this hour (--fill-rate)" : _problem,
                };
            }
        }
    }

    public void BeginRound()
    {
        lock (_lock)
        {
            if (HasEnded) return;
            // What it waited for its turn is no time in which nothing came.
            if (_state == FillState.Waiting) _lastProgress = time.GetTimestamp();
            _state = FillState.Filling;
            (_failures, _failuresInRow, _withoutRoom, _progressed) = (0, 0, 0, false);
        }
    }

    public FillRound EndRound()
    {
        lock (_lock) return new FillRound(_failures, _failures > 0 && _failures == _withoutRoom, _progressed);
    }

    /// <summary>The whole index was looked through.</summary>
    public void Found(long blocks, long bytes)
    {
        lock (_lock)
        {
            _total = (blocks, bytes);
            Advanced();
        }
    }

    /// <summary>A block was found in the cache.</summary>
    public void Held(long block, int storedLength)
    {
        lock (_lock) Count(block, storedLength);
    }

    /// <summary>A block was brought in.</summary>
    public void Fetched(long block, int storedLength)
    {
        lock (_lock)
        {
            Count(block, storedLength);
            _bytesFetched += storedLength;
            Advanced();
        }
    }

    /// <summary>Says whether the hour lets nothing through: then that nothing comes is as it should be.</summary>
    public void HeldBack(bool heldBack)
    {
        lock (_lock)
        {
            if (_heldBack && !heldBack) _lastProgress = time.GetTimestamp();
            _heldBack = heldBack;
        }
    }

    /// <param name="error">Why a block or a page is not here.</param>
    /// <param name="problem">The same for people.</param>
    public void Missed(SourceError error, string problem)
    {
        lock (_lock)
        {
            _failures++;
            _failuresInRow++;
            if (error == SourceError.NoSpace) _withoutRoom++;
            _problem = problem;
        }
    }

    /// <summary>Says where it stands from now on; once it has ended, it stays so.</summary>
    /// <param name="state">Where it stands.</param>
    /// <param name="problem">Null: none, or while it pauses, what was last missed.</param>
    public void Enter(FillState state, string? problem = null)
    {
        lock (_lock)
        {
            if (HasEnded) return;
            _state = state;
            if (state != FillState.Pausing) _problem = problem;
        }
    }

    private bool HasEnded => _state is FillState.Done or FillState.Failed or FillState.Stopped;

    private void Count(long block, int storedLength)
    {
        if (_held.Add(block)) _done = (_done.Blocks + 1, _done.Bytes + storedLength);
    }

    private void Advanced()
    {
        _failuresInRow = 0;
        _progressed = true;
        _lastProgress = time.GetTimestamp();
    }
}
