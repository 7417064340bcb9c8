using System.Security.Cryptography;
using OsCircular.Blocks;

namespace OsCircular.Cache;

/// <summary>
/// How the inventory is learnt at start and written to the catalogue. Until it is known no block is stored, so nobody else adds to it meanwhile. What is
/// learnt so is not told to the journal one by one: it forgets, here after the catalogue, and in <see cref="HeldNames"/> when all was looked at.
/// </summary>
internal sealed partial class BlockInventory
{
    private readonly List<PageChange> _changes = [];

    /// <summary>What happened to a catalogue page since it was last written.</summary>
    public enum PageChange : byte
    {
        None,

        /// <summary>Blocks of it were read: worth writing at the end, not every minute.</summary>
        Uses,

        /// <summary>Blocks came, went or were proven.</summary>
        Blocks,
    }

    /// <summary>The key of the proof marks, 16 bytes; set while the catalogue is loaded, before the first page.</summary>
    public byte[] ProofKey { get; set; } = RandomNumberGenerator.GetBytes(CatalogHeader.ProofKeySize);

    public int PageCount
    {
        get
        {
            lock (_gate) return (_table.End + PagedArray<int>.PageSize - 1) >> PagedArray<int>.PageShift;
        }
    }

    /// <summary>Takes in a page of the catalogue; its blocks count as unseen until <see cref="FinishRestore"/>.</summary>
    /// <returns>False where it is no page of ours.</returns>
    public bool RestorePage(int number, byte[] page)
    {
        if (!CatalogPage.TryReadHeader(page, out int rows)) return false;
        lock (_gate)
        {
            for (int i = 0; i < rows; i++)
            {
                if (CatalogPage.TryReadRow(page, i, out CatalogRow row)) Restore((number << PagedArray<int>.PageShift) + i, row);
            }
        }

        return true;
    }

    /// <param name="whole">Whether the catalogue is all there is to know; else the folders are looked through next.</param>
    public void FinishRestore(bool whole)
    {
        lock (_gate)
        {
            _table.FindFree();
            _known = whole;

            // A mark belongs to bytes that were checked; files may have been replaced since.
            if (!whole) ProofKey = RandomNumberGenerator.GetBytes(CatalogHeader.ProofKeySize);
            for (int slot = 0; slot < _table.End; slot++)
            {
                if (whole) _table[slot].Flags &= ~BlockTable.EntryFlags.Unseen;
                else _table[slot].Proof = 0;
            }

            journal.Forget();
        }
    }

    /// <summary>Whatever was known may be so no more: all blocks count as unseen until their folders are looked through, and none as proven.</summary>
    public void DoubtAll()
    {
        lock (_gate)
        {
            _known = false;
            ProofKey = RandomNumberGenerator.GetBytes(CatalogHeader.ProofKeySize);
            for (int slot = 0; slot < _table.End; slot++)
            {
                if (!_table.IsUsed(slot)) continue;
                _table[slot].Flags |= BlockTable.EntryFlags.Unseen;
                _table[slot].Proof = 0;
            }
        }
    }

    /// <summary>A block file was seen in its folder.</summary>
    public void Seen(BlockName name, int storedLength)
    {
        bool pinned = isPinned(name);
        lock (_gate)
        {
            int slot = _table.Find(name);
            if (slot < 0)
            {
                Enter(name, storedLength, SourceKind.Found, pinned);
                return;
            }

            ref BlockTable.Entry entry = ref _table[slot];
            entry.Flags &= ~BlockTable.EntryFlags.Unseen;
            if (entry.StoredLength == storedLength) return;
            _blockBytes += storedLength - entry.StoredLength;
            entry.StoredLength = storedLength;
            Changed(slot, PageChange.Blocks);
        }
    }

    /// <summary>All folders were looked through: what was not seen is gone, and what is held is known.</summary>
    public void RemoveUnseen()
    {
        lock (_gate)
        {
            for (int slot = 0; slot < _table.End; slot++)
            {
                if ((_table[slot].Flags & BlockTable.EntryFlags.Unseen) != 0) Drop(slot);
            }

            _known = true;
        }
    }

    /// <summary>The pages that changed at least so much; they count as written from now on.</summary>
    public List<int> TakeChangedPages(PageChange least)
    {
        lock (_gate)
        {
            List<int> pages = [];
            if (_table.End > 0) Changed(_table.End - 1, PageChange.None);
            for (int page = 0; page < _changes.Count; page++)
            {
                if (_changes[page] < least) continue;
                _changes[page] = PageChange.None;
                pages.Add(page);
            }

            return pages;
        }
    }

    public byte[] PackPage(int number)
    {
        lock (_gate)
        {
            int first = number << PagedArray<int>.PageShift;
            int rows = Math.Clamp(_table.End - first, 0, PagedArray<int>.PageSize);
            byte[] page = new byte[CatalogPage.SizeOf(rows)];
            CatalogPage.WriteHeader(page, rows);
            for (int i = 0; i < rows; i++)
            {
                if (!_table.IsUsed(first + i)) continue;
                ref BlockTable.Entry entry = ref _table[first + i];
                CatalogPage.WriteRow(page, i, new CatalogRow(entry.Name.Name, entry.StoredLength, entry.LastUse, policy.Save(first + i), entry.From, entry.Proof));
            }

            return page;
        }
    }

    private void Restore(int slot, in CatalogRow row)
    {
        if (_table.IsUsed(slot) || _table.Find(row.Name) >= 0) return;
        _table.AddAt(slot, row.Name);
        ref BlockTable.Entry entry = ref _table[slot];
        entry.StoredLength = row.StoredLength;
        entry.LastUse = row.LastUse;
        entry.From = row.From;
        entry.Proof = row.Proof;
        entry.Flags |= BlockTable.EntryFlags.Unseen;
        _blockBytes += row.StoredLength;
        if (isPinned(row.Name)) entry.Flags |= BlockTable.EntryFlags.Kept;
        if (_wanted.Remove(row.Name)) entry.Flags |= BlockTable.EntryFlags.Pinned;
        if (!Stays(entry.Flags)) policy.Restore(slot, entry.Name.Fingerprint, row.Eviction);
    }

    private void Changed(int slot, PageChange change)
    {
        int page = slot >> PagedArray<int>.PageShift;
        while (_changes.Count <= page) _changes.Add(PageChange.None);
        if (_changes[page] < change) _changes[page] = change;
    }
}
