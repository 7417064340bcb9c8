using System.Numerics;

namespace OsCircular.Peers.Summaries;

/// <summary>
/// Which whole keys came or went since the set: an open hash table. One writer at a time; readers need no lock, for an entry is one word and its place never
/// changes. Growing makes a new one.
/// </summary>
internal sealed class SummaryOverlay
{
    private const int LeastLength = 64;

    // At most half full, a run of honest keys is a few long. Keys made to collide must cost neither side more than this.
    private const int MaxProbes = 128;

    // A key with its lowest bit replaced by whether it is held; 0 is empty. Two keys that differ in nothing else are not told apart, and of a key of 63 zeros
    // it is not noted that it went: each a chance of 1 in 2^63.
    private readonly ulong[] _entries;

    private SummaryOverlay(int length) => _entries = new ulong[length];

    public static SummaryOverlay Empty() => new(LeastLength);

    /// <summary>Keys noted, come and gone alike.</summary>
    public int Count { get; private set; }

    public long MemoryBytes => (long)_entries.Length * sizeof(ulong);

    /// <returns>Whether the key is held; null where nothing is noted of it.</returns>
    public bool? Find(ulong key)
    {
        for (int i = 0; i < MaxProbes; i++)
        {
            ulong entry = Volatile.Read(ref _entries[PlaceOf(key, i)]);
            if (entry == 0) return null;
            if ((entry ^ key) <= 1) return (entry & 1) != 0;
        }

        return null;
    }

    /// <summary>Notes that a key came or went; there is room, see <see cref="WithRoom"/>.</summary>
    /// <returns>False where too many keys crowd one place.</returns>
    public bool TryNote(ulong key, bool held)
    {
        ulong noted = (key & ~1UL) | (held ? 1UL : 0);
        if (noted == 0) return true;
        for (int i = 0; i < MaxProbes; i++)
        {
            ref ulong entry = ref _entries[PlaceOf(key, i)];
            if (entry != 0 && (entry ^ key) > 1) continue;
            if (entry == 0) Count++;
            Volatile.Write(ref entry, noted);
            return true;
        }

        return false;
    }

    /// <summary>This, or a copy that takes so many more keys; null where too many crowd one place.</summary>
    public SummaryOverlay? WithRoom(int more)
    {
        int needed = 2 * (Count + more);
        if (needed <= _entries.Length) return this;
        SummaryOverlay wider = new((int)BitOperations.RoundUpToPowerOf2((uint)needed));
        foreach (ulong entry in _entries)
        {
            if (entry != 0 && !wider.TryNote(entry, (entry & 1) != 0)) return null;
        }

        return wider;
    }

    // Keys are of a hash: any of their bits will do.
    private int PlaceOf(ulong key, int probe) => (int)(key >> 1) + probe & (_entries.Length - 1);
}
