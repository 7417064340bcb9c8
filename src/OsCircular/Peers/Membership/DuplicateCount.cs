using OsCircular.Sources;

namespace OsCircular.Peers.Membership;

/// <summary>
/// Blocks that this host and another both fetched from a mirror: seen when a name stands in this host's journal and in another's summary as fetched from
/// there. Only recent ones are compared, so a block fetched anew long after it was evicted is none. Thread-safe.
/// </summary>
internal sealed class DuplicateCount(IHeldNames own, PeerMetrics metrics)
{
    private readonly Lock _lock = new();
    private readonly RecentKeys _mine = new();
    private readonly RecentKeys _theirs = new();
    private readonly List<HeldChange> _changes = [];
    private long _seen = own.Sequence;
    private long _count;

    public long Count => Interlocked.Read(ref _count);

    /// <summary>A peer told of these changes.</summary>
    public void Note(List<HeldChange> changes)
    {
        lock (_lock)
        {
            _changes.Clear();
            long seen = own.CopyChanges(_seen, _changes);
            _seen = seen < 0 ? own.Sequence : seen;
            foreach (HeldChange change in _changes) Compare(change, _mine, _theirs);
            foreach (HeldChange change in changes) Compare(change, _theirs, _mine);
        }
    }

    private void Compare(HeldChange change, RecentKeys side, RecentKeys other)
    {
        if (change.Kind != HeldChangeKind.AddedFromMirror || !side.Add(change.Key) || !other.Contains(change.Key)) return;
        Interlocked.Increment(ref _count);
        metrics.Duplicated();
    }

    /// <summary>The keys noted last, so many at most.</summary>
    private sealed class RecentKeys
    {
        private const int Most = 16_384;
        private readonly HashSet<ulong> _keys = [];
        private readonly Queue<ulong> _order = new();

        public bool Contains(ulong key) => _keys.Contains(key);

        public bool Add(ulong key)
        {
            if (!_keys.Add(key)) return false;
            _order.Enqueue(key);
            if (_order.Count > Most) _keys.Remove(_order.Dequeue());
            return true;
        }
    }
}
