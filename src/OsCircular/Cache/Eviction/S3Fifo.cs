namespace OsCircular.Cache.Eviction;

/// <summary>
/// S3-FIFO (Yang et al., SOSP 2023). A newcomer waits in a small queue, a tenth of all; only one that is read again there, or comes back soon after it was given up,
/// enters the main queue. So a scan, read once, passes through the small queue and leaves the main one alone. A read costs one increment, no list is relinked.
/// </summary>
public sealed class S3Fifo : IEvictionPolicy
{
    // The paper's share: large enough that a second read can arrive, small enough that a scan takes little.
    private const int SmallShare = 10;

    // Two bits of frequency are enough to tell the hot from the warm (the paper's figure); more would keep yesterday's blocks too long.
    private const byte MaxReads = 3;

    // However hot all of them are, one call looks at no more than this many: about 0.1 ms, for readers wait meanwhile.
    private const int MaxPassed = 4096;

    private readonly PagedArray<Node> _nodes = new();
    private readonly Ghosts _ghosts = new();
    private Line _small = Line.Empty;
    private Line _main = Line.Empty;

    private enum Place : byte
    {
        None,
        Small,
        Main,
    }

    public int Count => _small.Count + _main.Count;

    public void Add(int slot, uint fingerprint) => Enter(slot, fingerprint, _ghosts.Forget(fingerprint) ? Place.Main : Place.Small, reads: 0);

    public void Touch(int slot)
    {
        if (!Holds(slot)) return;
        ref Node node = ref _nodes[slot];
        if (node.Reads < MaxReads) node.Reads++;
    }

    public void Remove(int slot)
    {
        if (!Holds(slot)) return;
        ref Node node = ref _nodes[slot];
        Unlink(ref LineOf(node.Place), ref node);
        node.Place = Place.None;
    }

    public int TakeVictim()
    {
        for (int passed = 0; Count > 0; passed++)
        {
            bool fromSmall = _main.Count == 0 || (_small.Count > 0 && _small.Count * SmallShare >= Count);
            int slot = fromSmall ? _small.Oldest : _main.Oldest;
            ref Node node = ref _nodes[slot];
            byte reads = node.Reads;
            Remove(slot);
            if (reads == 0 || passed == MaxPassed)
            {
                if (fromSmall) _ghosts.Remember(node.Fingerprint);
                return slot;
            }

            // Read while it waited: out of the small queue into the main one; in the main one round again, one read poorer.
            Enter(slot, node.Fingerprint, Place.Main, fromSmall ? (byte)0 : (byte)(reads - 1));
        }

        return -1;
    }

    public byte Save(int slot)
    {
        if (!Holds(slot)) return 0;
        ref Node node = ref _nodes[slot];
        return (byte)((byte)node.Place << 4 | node.Reads);
    }

    public void Restore(int slot, uint fingerprint, byte saved) =>
        Enter(slot, fingerprint, saved >> 4 == (byte)Place.Small ? Place.Small : Place.Main, Math.Min((byte)(saved & 0xf), MaxReads));

    private bool Holds(int slot) => slot < _nodes.Length && _nodes[slot].Place != Place.None;

    private void Enter(int slot, uint fingerprint, Place place, byte reads)
    {
        _nodes.Grow(slot);
        ref Node node = ref _nodes[slot];
        ref Line line = ref LineOf(place);
        node = new Node { Older = line.Newest, Newer = -1, Fingerprint = fingerprint, Place = place, Reads = reads };
        if (line.Newest >= 0) _nodes[line.Newest].Newer = slot;
        else line.Oldest = slot;
        line.Newest = slot;
        line.Count++;
    }

    private void Unlink(ref Line line, ref Node node)
    {
        if (node.Older >= 0) _nodes[node.Older].Newer = node.Newer;
        else line.Oldest = node.Newer;
        if (node.Newer >= 0) _nodes[node.Newer].Older = node.Older;
        else line.Newest = node.Older;
        line.Count--;
    }

    private ref Line LineOf(Place place) => ref place == Place.Small ? ref _small : ref _main;

    private struct Line
    {
        public static readonly Line Empty = new() { Oldest = -1, Newest = -1 };
        public int Oldest;
        public int Newest;
        public int Count;
    }

    private struct Node
    {
        public int Older;
        public int Newer;
        public uint Fingerprint;
        public Place Place;
        public byte Reads;
    }
}
