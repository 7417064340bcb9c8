using OsCircular.Sources;

namespace OsCircular.Cache;

/// <summary>
/// What this cache tells others that it holds: the block table, the documents, and the journal of both. The table is read page by page, so that nobody waits
/// long for its lock.
/// </summary>
internal sealed class HeldNames(HeldJournal journal, BlockInventory inventory) : IHeldNames
{
    // Taken before the journal's, never within the inventory's.
    private readonly Lock _gate = new();
    private readonly HashSet<ulong> _documents = [];

    /// <inheritdoc/>
    public long Sequence => journal.Sequence;

    /// <inheritdoc/>
    public long CopyChanges(long since, List<HeldChange> changes) => journal.CopyChanges(since, changes);

    /// <inheritdoc/>
    public long CopyKeys(List<ulong> keys)
    {
        long sequence = journal.Sequence;
        for (int page = 0; inventory.TryCopyKeys(page, keys); page++)
        {
        }

        lock (_gate) keys.AddRange(_documents);
        return sequence;
    }

    public void DocumentStored(DocumentName name)
    {
        ulong key = HeldKey.Of(name);
        lock (_gate)
        {
            if (_documents.Add(key)) journal.Add(key, HeldChangeKind.Added);
        }
    }

    public void DocumentRemoved(DocumentName name)
    {
        ulong key = HeldKey.Of(name);
        lock (_gate)
        {
            if (_documents.Remove(key)) journal.Add(key, HeldChangeKind.Removed);
        }
    }

    /// <summary>All documents were looked at, before any was stored.</summary>
    public void DocumentsFound(IEnumerable<DocumentName> names)
    {
        lock (_gate)
        {
            _documents.Clear();
            _documents.UnionWith(names.Select(HeldKey.Of));
            journal.Forget();
        }
    }
}
