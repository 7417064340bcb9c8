using OsCircular.Blocks;

namespace OsCircular.Sources;

/// <summary>One block wanted by name. Lives as long as the fetch; a later asker who joins it may raise its class.</summary>
public sealed class BlockRequest
{
    private int _class;

    /// <param name="name">The block's name.</param>
    /// <param name="storedLength">Bytes of the block file, as the index row says.</param>
    /// <param name="fetchClass">For whom it is wanted now.</param>
    /// <param name="deadline">When the asker stops waiting.</param>
    public BlockRequest(BlockName name, int storedLength, FetchClass fetchClass, Deadline deadline)
    {
        Name = name;
        StoredLength = storedLength;
        Deadline = deadline;
        _class = (int)fetchClass;
    }

    public BlockName Name { get; }
    public int StoredLength { get; }
    public Deadline Deadline { get; }
    public FetchClass Class => (FetchClass)Volatile.Read(ref _class);

    /// <summary>Raised once, on the raising thread, when the class becomes a more urgent one. Handlers must be quick and not throw.</summary>
    public event Action<BlockRequest>? Raised;

    /// <summary>Makes the request at least as urgent as <paramref name="fetchClass"/>; never less urgent than it was.</summary>
    public void RaiseTo(FetchClass fetchClass)
    {
        int wanted = (int)fetchClass;
        for (int seen = Volatile.Read(ref _class); wanted < seen; seen = Volatile.Read(ref _class))
        {
            if (Interlocked.CompareExchange(ref _class, wanted, seen) != seen) continue;
            Raised?.Invoke(this);
            return;
        }
    }
}
