namespace OsCircular.Library.Filling;

/// <summary>A set of block numbers: a bit for each, and none for the stretches of zeros that make up most of a big disk. Not thread-safe.</summary>
internal sealed class BlockNumbers
{
    private const int Shift = 9;

    private readonly Dictionary<long, ulong[]> _pages = [];

    /// <returns>Whether it was not in the set.</returns>
    public bool Add(long block)
    {
        if (!_pages.TryGetValue(block >> Shift, out ulong[]? bits)) _pages.Add(block >> Shift, bits = new ulong[(1 << Shift) / 64]);
        ref ulong word = ref bits[(block >> 6) & ((1 << Shift) / 64 - 1)];
        ulong bit = 1UL << (int)(block & 63);
        if ((word & bit) != 0) return false;
        word |= bit;
        return true;
    }
}
