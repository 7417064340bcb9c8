using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using OsCircular.Blocks;

namespace OsCircular.Cache;

/// <summary>
/// What is held, by name: a hash table with 48 bytes for each block and 4 to 8 for its bucket; with the eviction policy's 16, about 70 MB for a million blocks.
/// Slots are stable while an entry lives. Not thread-safe.
/// </summary>
internal sealed class BlockTable
{
    private readonly PagedArray<Entry> _entries = new();
    private int[] _buckets = NewBuckets(1024);
    private int _free = -1;

    /// <summary>All slots ever used are below this.</summary>
    public int End { get; private set; }

    public int Count { get; private set; }

    public ref Entry this[int slot] => ref _entries[slot];

    /// <returns>The slot, or -1.</returns>
    public int Find(BlockName name)
    {
        NameBytes wanted = NameBytes.Of(name);
        for (int slot = _buckets[Bucket(wanted)]; slot >= 0; slot = _entries[slot].Next)
        {
            if (_entries[slot].Name.Equals(wanted)) return slot;
        }

        return -1;
    }

    /// <summary>Adds a name that is not there; the rest of its entry is zero.</summary>
    public int Add(BlockName name)
    {
        int slot = _free;
        if (slot >= 0) _free = _entries[slot].Next;
        else slot = End;
        AddAt(slot, name);
        return slot;
    }

    /// <summary>Adds a name that is not there at a slot that is not used, past all used ones if need be. The list of free slots is not kept: see <see cref="FindFree"/>.</summary>
    public void AddAt(int slot, BlockName name)
    {
        if (Count == _buckets.Length) Widen();
        if (slot >= End)
        {
            _entries.Grow(slot);
            End = slot + 1;
        }

        NameBytes bytes = NameBytes.Of(name);
        ref int bucket = ref _buckets[Bucket(bytes)];
        _entries[slot] = new Entry { Name = bytes, Next = bucket, Flags = EntryFlags.Used };
        bucket = slot;
        Count++;
    }

    public bool IsUsed(int slot) => slot < End && (_entries[slot].Flags & EntryFlags.Used) != 0;

    /// <summary>Finds the free slots again after <see cref="AddAt"/> was used.</summary>
    public void FindFree()
    {
        _free = -1;
        for (int slot = End - 1; slot >= 0; slot--)
        {
            if (IsUsed(slot)) continue;
            _entries[slot].Next = _free;
            _free = slot;
        }
    }

    public void Remove(int slot)
    {
        ref Entry entry = ref _entries[slot];
        ref int link = ref _buckets[Bucket(entry.Name)];
        while (link != slot) link = ref _entries[link].Next;
        link = entry.Next;
        entry = new Entry { Next = _free };
        _free = slot;
        Count--;
    }

    private void Widen()
    {
        int[] old = _buckets;
        _buckets = NewBuckets(old.Length * 2);
        for (int slot = 0; slot < End; slot++)
        {
            ref Entry entry = ref _entries[slot];
            if (!IsUsed(slot)) continue;
            ref int bucket = ref _buckets[Bucket(entry.Name)];
            entry.Next = bucket;
            bucket = slot;
        }
    }

    // SHA-1 is uniform: any of its bits will do.
    private int Bucket(in NameBytes name) => (int)(name.Fingerprint & (uint)(_buckets.Length - 1));

    private static int[] NewBuckets(int length)
    {
        int[] buckets = new int[length];
        buckets.AsSpan().Fill(-1);
        return buckets;
    }

    [Flags]
    public enum EntryFlags : byte
    {
        None = 0,
        Used = 1,

        /// <summary>Not evicted while a fill lasts; unknown to the eviction policy.</summary>
        Kept = 2,

        /// <summary>Chosen for eviction, its file not yet removed; cleared by whoever stores, keeps or pins it meanwhile.</summary>
        Leaving = 4,

        /// <summary>Known from an old catalogue; its file not yet seen.</summary>
        Unseen = 8,

        /// <summary>A pin needs it: never evicted; unknown to the eviction policy.</summary>
        Pinned = 16,
    }

    [StructLayout(LayoutKind.Sequential, Pack = 4)]
    public struct Entry
    {
        public NameBytes Name;

        /// <summary>Keyed hash of the content that the name was shown to hold; 0 for none.</summary>
        public ulong Proof;

        /// <summary>Bytes of the block file.</summary>
        public int StoredLength;

        /// <summary>Seconds since <see cref="BlockInventory.Epoch"/>.</summary>
        public uint LastUse;

        /// <summary>Next slot in the bucket, or in the list of free slots.</summary>
        public int Next;

        public EntryFlags Flags;
        public SourceKind From;
    }

    /// <summary>A block name in 20 bytes; <see cref="BlockName"/> itself takes 24 in an array.</summary>
    [InlineArray(BlockName.Size)]
    public struct NameBytes
    {
        private byte _first;

        public static NameBytes Of(BlockName name)
        {
            NameBytes bytes = default;
            name.CopyTo(bytes);
            return bytes;
        }

        public readonly uint Fingerprint => MemoryMarshal.Read<uint>(this);
        public readonly BlockName Name => new(this);
        public readonly bool Equals(in NameBytes other) => ((ReadOnlySpan<byte>)this).SequenceEqual(other);
    }
}
