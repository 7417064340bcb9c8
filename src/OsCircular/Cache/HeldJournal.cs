using OsCircular.Sources;

namespace OsCircular.Cache;

/// <summary>
/// The last changes of what is held: a ring behind a lock of its own, which is the innermost of all and held for a few words' copying. Thread-safe.
/// </summary>
internal sealed class HeldJournal
{
    /// <summary>
    /// So many changes are remembered, in 256 KiB: at 100 MB/s of blocks of 256 KiB, 40 seconds of filling. Who asks less often takes the whole.
    /// </summary>
    public const int Remembered = 16_384;

    private readonly Lock _gate = new();
    private readonly HeldChange[] _ring = new HeldChange[Remembered];
    private long _sequence;

    // Changes up to this one cannot be given any more.
    private long _forgotten;

    /// <inheritdoc cref="IHeldNames.Sequence"/>
    public long Sequence
    {
        get
        {
            lock (_gate) return _sequence;
        }
    }

    public void Add(ulong key, HeldChangeKind kind)
    {
        lock (_gate)
        {
            _ring[_sequence % Remembered] = new HeldChange(key, kind);
            _sequence++;
            _forgotten = Math.Max(_forgotten, _sequence - Remembered);
        }
    }

    /// <summary>Much became known at once: whoever wants to know, takes the whole.</summary>
    public void Forget()
    {
        lock (_gate) _forgotten = ++_sequence;
    }

    /// <inheritdoc cref="IHeldNames.CopyChanges"/>
    public long CopyChanges(long since, List<HeldChange> changes)
    {
        lock (_gate)
        {
            if (since < _forgotten || since > _sequence) return -1;
            changes.EnsureCapacity(changes.Count + (int)(_sequence - since));
            for (long number = since; number < _sequence; number++) changes.Add(_ring[number % Remembered]);
            return _sequence;
        }
    }
}
