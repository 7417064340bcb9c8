using OsCircular.Blocks;

namespace OsCircular.Publishing;

/// <summary>What became of a row offered to <see cref="KnownBlocks"/>.</summary>
internal enum Known
{
    /// <summary>Content and name are new: the block file is to be written.</summary>
    Added,

    /// <summary>The content is known already, under its own row.</summary>
    SameContent,

    /// <summary>The name already stands for another content: this block file must not be stored.</summary>
    NameTaken,
}

/// <summary>
/// Every block that a repository knows, found by content (to store it once) and by name (so that one name never stands for two contents).
/// Rows (64 bytes) lie in fixed-size slabs, never copied to grow; two open-addressing tables of row numbers lead to them
/// (8 bytes at a load of 38 to 75 %): 75 to 85 bytes for each block, under 100 while a table doubles. Thread-safe: one lock, held for tens of nanoseconds.
/// </summary>
internal sealed class KnownBlocks
{
    private const int SlabShift = 13; // 8192 rows, 512 KiB: few and large, but not much to hold for a small repository
    private const int SlabRows = 1 << SlabShift;
    private const int SmallestTable = 1024;

    private readonly Lock _gate = new();
    private readonly List<BlockRow[]> _slabs = [];
    private int[] _byContent = new int[SmallestTable]; // row number + 1; 0 is free
    private int[] _byName = new int[SmallestTable];

    /// <summary>Rows held, one for each name; each row's number is below this.</summary>
    public int Count { get; private set; }

    public BlockRow this[int number]
    {
        get
        {
            lock (_gate) return RowAt(number);
        }
    }

    public bool TryFind(Digest content, out int number, out BlockRow row)
    {
        lock (_gate)
        {
            int entry = _byContent[SlotOf(content)];
            number = entry - 1;
            row = entry == 0 ? default : RowAt(number);
            return entry != 0;
        }
    }

    public bool TryFind(BlockName name, out int number, out BlockRow row)
    {
        lock (_gate)
        {
            int entry = _byName[SlotOf(name)];
            number = entry - 1;
            row = entry == 0 ? default : RowAt(number);
            return entry != 0;
        }
    }

    /// <summary>Adds a row unless its content is known or its name is taken.</summary>
    /// <param name="row">The row offered.</param>
    /// <param name="number">The number of the row that now stands for this content; of the row that has the name, where it is taken.</param>
    public Known Add(in BlockRow row, out int number)
    {
        lock (_gate)
        {
            ref int content = ref _byContent[SlotOf(row.Content)];
            ref int name = ref _byName[SlotOf(row.Name)];
            Known outcome = content != 0 ? Known.SameContent : name != 0 ? Known.NameTaken : Known.Added;
            if (name == 0)
            {
                // Content known under another name: the row still holds its own name, so that no other content takes it.
                name = Append(row);
                if (content == 0) content = name;
            }

            number = (content != 0 ? content : name) - 1;
            if (Count > _byContent.Length / 4 * 3) Grow();
            return outcome;
        }
    }

    private int Append(in BlockRow row)
    {
        if (Count == _slabs.Count << SlabShift) _slabs.Add(new BlockRow[SlabRows]);
        _slabs[Count >> SlabShift][Count & (SlabRows - 1)] = row;
        return ++Count;
    }

    private ref BlockRow RowAt(int number) => ref _slabs[number >> SlabShift][number & (SlabRows - 1)];

    private void Grow()
    {
        // One after the other, so that only one old table lives beside the new ones.
        int length = checked(_byContent.Length * 2);
        _byContent = new int[length];
        for (int number = 0; number < Count; number++)
        {
            ref int entry = ref _byContent[SlotOf(RowAt(number).Content)];
            if (entry == 0) entry = number + 1; // the first of several names keeps standing for the content
        }

        _byName = new int[length];
        for (int number = 0; number < Count; number++) _byName[SlotOf(RowAt(number).Name)] = number + 1;
    }

    // Digests are uniform: their hash code's low bits choose the slot. Below 75 % load a run of taken slots is short.
    private int SlotOf(Digest content)
    {
        int slot = content.GetHashCode() & (_byContent.Length - 1);
        while (_byContent[slot] != 0 && RowAt(_byContent[slot] - 1).Content != content) slot = (slot + 1) & (_byContent.Length - 1);
        return slot;
    }

    private int SlotOf(BlockName name)
    {
        int slot = name.GetHashCode() & (_byName.Length - 1);
        while (_byName[slot] != 0 && RowAt(_byName[slot] - 1).Name != name) slot = (slot + 1) & (_byName.Length - 1);
        return slot;
    }
}
