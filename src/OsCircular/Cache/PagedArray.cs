namespace OsCircular.Cache;

/// <summary>An array that grows by pages and never copies: growing a million entries costs no pause and no second copy in memory.</summary>
internal sealed class PagedArray<T> where T : struct
{
    public const int PageShift = 11;
    public const int PageSize = 1 << PageShift;

    private T[][] _pages = [];

    /// <summary>Every index below this has an entry.</summary>
    public int Length => _pages.Length << PageShift;

    /// <summary>The entry at <paramref name="index"/>, below <see cref="Length"/>.</summary>
    public ref T this[int index] => ref _pages[index >> PageShift][index & (PageSize - 1)];

    /// <summary>Makes room for this index.</summary>
    public void Grow(int index)
    {
        int page = index >> PageShift;
        if (page < _pages.Length) return;
        int held = _pages.Length;
        Array.Resize(ref _pages, page + 1);
        for (; held <= page; held++) _pages[held] = new T[PageSize];
    }
}
