using System.Buffers.Binary;
using System.Security.Cryptography;
using OsCircular.Blocks;
using OsCircular.Cache.Eviction;
using OsCircular.Sources;

namespace OsCircular.Cache;

/// <summary>
/// What is held and how much room is taken: the table, the eviction policy and the quota behind one lock. Memory only: no file is touched here,
/// so the lock is never held for long. Thread-safe.
/// </summary>
internal sealed partial class BlockInventory(IEvictionPolicy policy, long quota, Func<BlockName, bool> isPinned, TimeProvider time, HeldJournal journal)
{
    /// <summary>Last uses are counted in seconds from here; 32 bits last until 2156.</summary>
    public static readonly DateTimeOffset Epoch = new(2020, 1, 1, 0, 0, 0, TimeSpan.Zero);

    private readonly Lock _gate = new();
    private readonly BlockTable _table = new();
    private bool _known;
    private long _blockBytes;
    private long _documentBytes;
    private long _reserved;
    private long _keptAside;

    public long Quota => quota;

    public (int Blocks, long BlockBytes, long DocumentBytes, long Reserved) Totals
    {
        get
        {
            lock (_gate) return (_table.Count, _blockBytes, _documentBytes, _reserved);
        }
    }

    /// <summary>Takes room out of the quota, if there is so much.</summary>
    public bool TryReserve(long bytes)
    {
        lock (_gate)
        {
            if (_blockBytes + _documentBytes + _keptAside + _reserved + bytes > quota) return false;
            _reserved += bytes;
            return true;
        }
    }

    public void Release(long bytes)
    {
        lock (_gate) _reserved -= bytes;
    }

    /// <summary>Reserved room became a document.</summary>
    public void DocumentStored(long bytes)
    {
        lock (_gate)
        {
            _reserved -= bytes;
            _documentBytes += bytes;
        }
    }

    public void DocumentRemoved(long bytes)
    {
        lock (_gate) _documentBytes -= bytes;
    }

    /// <summary>All documents were looked at, before any was stored.</summary>
    public void DocumentsFound(long bytes)
    {
        lock (_gate) _documentBytes = bytes;
    }

    /// <summary>So many bytes lie aside, damaged.</summary>
    public void KeptAside(long bytes)
    {
        lock (_gate) _keptAside = bytes;
    }

    /// <summary>Bytes of a held block's file when it was stored or found; 0 where it is not held.</summary>
    public int StoredLengthOf(BlockName name)
    {
        lock (_gate)
        {
            int slot = _table.Find(name);
            return slot < 0 ? 0 : _table[slot].StoredLength;
        }
    }

    /// <summary>Whether it is held; yes for all while that is still being learnt.</summary>
    public bool MayHold(BlockName name)
    {
        lock (_gate) return !_known || _table.Find(name) >= 0;
    }

    public bool Holds(BlockName name)
    {
        lock (_gate) return _table.Find(name) >= 0;
    }

    /// <summary>A held block was read.</summary>
    /// <returns>Whether it is known; one that is not was put there by someone else.</returns>
    public bool Touch(BlockName name)
    {
        uint now = Now();
        lock (_gate)
        {
            int slot = _table.Find(name);
            if (slot < 0) return false;
            _table[slot].LastUse = now;
            policy.Touch(slot);
            Changed(slot, PageChange.Uses);
            return true;
        }
    }

    /// <summary>The block's file was written anew, out of <paramref name="reserved"/> bytes of room.</summary>
    public void Stored(BlockName name, int storedLength, int reserved, SourceKind from)
    {
        bool pinned = isPinned(name);
        lock (_gate)
        {
            _reserved -= reserved;
            Drop(_table.Find(name));
            Enter(name, storedLength, from, pinned);
            journal.Add(HeldKey.Of(name), from == SourceKind.Mirror ? HeldChangeKind.AddedFromMirror : HeldChangeKind.Added);
        }
    }

    /// <summary>A file was found that nobody told us of. Nothing where it is known, or while what is held is still being learnt.</summary>
    public void Adopt(BlockName name, int storedLength)
    {
        bool pinned = isPinned(name);
        lock (_gate)
        {
            if (!_known || _table.Find(name) >= 0) return;
            Enter(name, storedLength, SourceKind.Found, pinned);
            journal.Add(HeldKey.Of(name), HeldChangeKind.Added);
        }
    }

    /// <summary>The block's file is gone.</summary>
    public void Removed(BlockName name)
    {
        lock (_gate)
        {
            int slot = _table.Find(name);
            if (slot < 0) return;
            Drop(slot);
            journal.Add(HeldKey.Of(name), HeldChangeKind.Removed);
        }
    }

    /// <summary>Appends the keys of a page of the table: the lock is held for 2048 of them, not for a million.</summary>
    /// <returns>False past the last page.</returns>
    public bool TryCopyKeys(int page, List<ulong> keys)
    {
        lock (_gate)
        {
            int first = page << PagedArray<int>.PageShift;
            int end = Math.Min(first + PagedArray<int>.PageSize, _table.End);
            for (int slot = first; slot < end; slot++)
            {
                if (_table.IsUsed(slot)) keys.Add(HeldKey.Of(_table[slot].Name.Name));
            }

            return first < end;
        }
    }

    /// <summary>Chooses a block to evict and marks it as leaving; its room counts as taken until its file is gone.</summary>
    public bool TryTakeVictim(out BlockName name, out int storedLength)
    {
        lock (_gate)
        {
            int slot = _pinsUnknown ? -1 : policy.TakeVictim();
            name = slot < 0 ? default : _table[slot].Name.Name;
            storedLength = slot < 0 ? 0 : _table[slot].StoredLength;
            if (slot >= 0) _table[slot].Flags |= BlockTable.EntryFlags.Leaving;
            return slot >= 0;
        }
    }

    /// <summary>Whether it is still to go: not stored anew, kept or pinned since it was chosen.</summary>
    public bool IsLeaving(BlockName name)
    {
        lock (_gate)
        {
            int slot = _table.Find(name);
            return slot >= 0 && (_table[slot].Flags & BlockTable.EntryFlags.Leaving) != 0;
        }
    }

    /// <summary>Its file could not be removed: it stays.</summary>
    public void Stay(BlockName name)
    {
        lock (_gate)
        {
            int slot = _table.Find(name);
            if (slot < 0 || (_table[slot].Flags & BlockTable.EntryFlags.Leaving) == 0) return;
            _table[slot].Flags &= ~BlockTable.EntryFlags.Leaving;
            policy.Add(slot, _table[slot].Name.Fingerprint);
        }
    }

    public bool IsProven(BlockName name, Digest content)
    {
        ulong mark = MarkOf(content);
        lock (_gate)
        {
            int slot = _table.Find(name);
            return slot >= 0 && _table[slot].Proof == mark;
        }
    }

    public void MarkProven(BlockName name, Digest content)
    {
        ulong mark = MarkOf(content);
        lock (_gate)
        {
            int slot = _table.Find(name);
            if (slot < 0) return;
            _table[slot].Proof = mark;
            Changed(slot, PageChange.Blocks);
        }
    }

    private void Drop(int slot)
    {
        if (slot < 0) return;
        policy.Remove(slot);
        Lost(slot);
        _blockBytes -= _table[slot].StoredLength;
        _table.Remove(slot);
        Changed(slot, PageChange.Blocks);
    }

    private void Enter(BlockName name, int storedLength, SourceKind from, bool pinned)
    {
        int slot = _table.Add(name);
        ref BlockTable.Entry entry = ref _table[slot];
        entry.StoredLength = storedLength;
        entry.LastUse = Now();
        entry.From = from;
        _blockBytes += storedLength;
        if (pinned || _expected.Contains(name)) entry.Flags |= BlockTable.EntryFlags.Kept;
        if (_wanted.Remove(name)) entry.Flags |= BlockTable.EntryFlags.Pinned;
        if (!Stays(entry.Flags)) policy.Add(slot, entry.Name.Fingerprint);
        Changed(slot, PageChange.Blocks);
    }

    // 64 bits of SHA-256 over a key that only this cache knows, and the content's digest. A mark is made after a real check only, and nobody
    // outside can tell whether another digest would meet it: a false match is a blind guess of 1 in 2^64 for each signed row, whoever chose the row.
    private ulong MarkOf(Digest content)
    {
        Span<byte> keyed = stackalloc byte[CatalogHeader.ProofKeySize + Digest.Size];
        ProofKey.CopyTo(keyed);
        content.CopyTo(keyed[CatalogHeader.ProofKeySize..]);
        Span<byte> hash = stackalloc byte[Digest.Size];
        SHA256.HashData(keyed, hash);
        return BinaryPrimitives.ReadUInt64LittleEndian(hash) | 1;
    }

    private uint Now() => (uint)Math.Clamp((time.GetUtcNow() - Epoch).TotalSeconds, 0, uint.MaxValue);
}
