using OsCircular.Sources;

namespace OsCircular.TestKit.Sources;

/// <summary>Held names in memory. Thread-safe.</summary>
/// <param name="remembered">So many of the last changes are remembered.</param>
public sealed class FakeHeldNames(int remembered = int.MaxValue) : IHeldNames
{
    private readonly Lock _gate = new();
    private readonly HashSet<ulong> _keys = [];
    private readonly List<HeldChange> _changes = [];
    private int _copies;
    private long _forgotten;

    /// <summary>How often all keys were copied.</summary>
    public int Copies => Volatile.Read(ref _copies);

    public long Sequence
    {
        get
        {
            lock (_gate) return _changes.Count;
        }
    }

    /// <summary>What is held now.</summary>
    public ulong[] Keys
    {
        get
        {
            lock (_gate) return [.. _keys];
        }
    }

    public void Add(ulong key, HeldChangeKind kind = HeldChangeKind.Added)
    {
        lock (_gate)
        {
            _keys.Add(key);
            _changes.Add(new HeldChange(key, kind));
            _forgotten = Math.Max(_forgotten, _changes.Count - remembered);
        }
    }

    public void Remove(ulong key)
    {
        lock (_gate)
        {
            if (!_keys.Remove(key)) return;
            _changes.Add(new HeldChange(key, HeldChangeKind.Removed));
            _forgotten = Math.Max(_forgotten, _changes.Count - remembered);
        }
    }

    /// <summary>Adds many at once: what was before cannot be told any more.</summary>
    public void AddInBulk(IEnumerable<ulong> keys)
    {
        lock (_gate)
        {
            _keys.UnionWith(keys);
            _changes.Add(default);
            _forgotten = _changes.Count;
        }
    }

    public long CopyChanges(long since, List<HeldChange> changes)
    {
        lock (_gate)
        {
            if (since < _forgotten || since > _changes.Count) return -1;
            for (int i = (int)since; i < _changes.Count; i++) changes.Add(_changes[i]);
            return _changes.Count;
        }
    }

    public long CopyKeys(List<ulong> keys)
    {
        Interlocked.Increment(ref _copies);
        lock (_gate)
        {
            keys.AddRange(_keys);
            return _changes.Count;
        }
    }
}
