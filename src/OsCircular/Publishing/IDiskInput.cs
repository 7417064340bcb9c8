using OsCircular.Blocks;

namespace OsCircular.Publishing;

/// <summary>A disk being published, whatever it lies in. <see cref="Read"/> and <see cref="IsKept"/> may be called in parallel, <see cref="NextData"/> not.</summary>
internal interface IDiskInput : IDisposable
{
    /// <summary>Bytes, a multiple of 512.</summary>
    long DiskSize { get; }

    /// <summary>The next range at or after <paramref name="from"/> that may hold anything but zeros; empty, at the disk's end, where there is none.</summary>
    (long Start, long End) NextData(long from);

    /// <summary>A hint that this range is read soon.</summary>
    void ReadAhead(long offset, long length);

    /// <summary>Whether a block is just what a published version holds: then it need not be read.</summary>
    /// <param name="block">Its number.</param>
    /// <param name="row">Its row there.</param>
    bool IsKept(long block, out BlockRow row);

    /// <summary>Fills the whole buffer, with zeros past the end.</summary>
    /// <param name="block">A block's room.</param>
    /// <param name="offset">Where the block begins.</param>
    void Read(Span<byte> block, long offset);

    /// <exception cref="UserError">It was written to while it was read, so that what was read may be no state it ever had.</exception>
    void CheckUnchanged();
}
