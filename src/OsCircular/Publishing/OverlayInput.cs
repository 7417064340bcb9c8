using Microsoft.Win32.SafeHandles;
using OsCircular.Blocks;

namespace OsCircular.Publishing;

/// <summary>
/// A version as a guest's overlay changed it. Blocks that the overlay does not touch are taken over unread; those it covers come from it alone; the rest are
/// put together from both.
/// </summary>
internal sealed class OverlayInput : IDiskInput
{
    private readonly string _path;
    private readonly SafeFileHandle _file;
    private readonly (long Size, DateTime Written) _state;
    private readonly VersionRows _base;
    private readonly OverlayExtent[] _extents; // by start, without overlaps
    private readonly BlockGeometry _geometry;

    private OverlayInput(string path, SafeFileHandle file, (long Size, DateTime Written) state, VersionRows rows, OverlayExtent[] extents, long diskSize)
    {
        _path = path;
        _file = file;
        _state = state;
        _base = rows;
        _extents = extents;
        _geometry = new BlockGeometry(diskSize, rows.Geometry.BlockSize);
    }

    public long DiskSize => _geometry.DiskSize;

    /// <param name="overlay">The overlay; no guest may run on it.</param>
    /// <param name="rows">The version below it; disposed with this.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <exception cref="UserError">It cannot be read, or has what cannot be read piecemeal.</exception>
    public static async Task<OverlayInput> OpenAsync(OverlayFile overlay, VersionRows rows, CancellationToken cancellationToken)
    {
        SafeFileHandle file = File.OpenHandle(overlay.Path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        try
        {
            // Before its map is read: a guest that starts from now on is noticed.
            (long, DateTime) state = StateOf(file);
            OverlayExtent[] extents = await overlay.MapAsync(cancellationToken).ConfigureAwait(false);
            return new OverlayInput(overlay.Path, file, state, rows, extents, overlay.DiskSize);
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    public (long Start, long End) NextData(long from)
    {
        long block = _geometry.BlockAt(from), last = _geometry.BlockCount;
        while (block < last)
        {
            int next = FirstExtentEndingAfter(_geometry.OffsetOf(block));
            OverlayExtent extent = next < _extents.Length ? _extents[next] : new OverlayExtent(DiskSize, DiskSize, null);
            if (EndOfZeros(extent, block) is var end && end > block)
            {
                block = end;
                continue;
            }

            long present = Math.Min(_base.NextPresent(block), last), touched = Math.Min(last, Math.Max(block, _geometry.BlockAt(extent.Start)));
            if (Math.Min(present, touched) > block)
            {
                // What lies there may be zeros again.
                block = Math.Min(present, touched);
                continue;
            }

            end = touched > block ? Math.Min(touched, _base.EndOfPresent(block)) : extent.FileOffset is null ? block + 1 : _geometry.BlockAt(extent.End - 1) + 1;
            return (_geometry.OffsetOf(block), Math.Min(DiskSize, _geometry.OffsetOf(end)));
        }

        return (DiskSize, DiskSize);
    }

    public bool IsKept(long block, out BlockRow row)
    {
        row = default;
        long offset = _geometry.OffsetOf(block);
        int length = _geometry.LengthOf(block);
        int next = FirstExtentEndingAfter(offset);
        if (next < _extents.Length && _extents[next].Start < offset + length) return false;
        return block < _base.Geometry.BlockCount && _base.Geometry.LengthOf(block) == length && _base.TryGet(block, out row);
    }

    public void ReadAhead(long offset, long length)
    {
        // What is to be read lies wherever the guest's writes came.
    }

    public void Read(Span<byte> block, long offset)
    {
        long end = offset + block.Length, covered = 0;
        int first = FirstExtentEndingAfter(offset);
        for (int i = first; i < _extents.Length && _extents[i].Start < end; i++) covered += Math.Min(end, _extents[i].End) - Math.Max(offset, _extents[i].Start);
        if (covered < block.Length) _base.Read(_geometry.BlockAt(offset), block);
        for (int i = first; i < _extents.Length && _extents[i].Start < end; i++)
        {
            OverlayExtent extent = _extents[i];
            long from = Math.Max(offset, extent.Start);
            Span<byte> part = block[(int)(from - offset)..(int)(Math.Min(end, extent.End) - offset)];
            if (extent.FileOffset is { } at) ReadFile(part, at + from - extent.Start);
            else part.Clear();
        }
    }

    public void CheckUnchanged()
    {
        if (StateOf(_file) != _state)
            throw new UserError($"{_path}: the overlay changed while it was read, so nothing was published; end the guest that runs on it and commit again.");
    }

    public void Dispose()
    {
        _file.Dispose();
        _base.Dispose();
    }

    // The first block from this one on that an extent of zeros does not wholly cover.
    private long EndOfZeros(in OverlayExtent extent, long block) => extent.FileOffset is not null || extent.Start > _geometry.OffsetOf(block) ? block
        : extent.End == DiskSize ? _geometry.BlockCount
        : _geometry.BlockAt(extent.End);

    private static (long Size, DateTime Written) StateOf(SafeFileHandle file) => (RandomAccess.GetLength(file), File.GetLastWriteTimeUtc(file));

    // A cluster at the file's end may be cut off there: what is missing is zeros.
    private void ReadFile(Span<byte> destination, long offset)
    {
        int done = 0;
        for (int read = 1; done < destination.Length && read > 0; done += read) read = RandomAccess.Read(_file, destination[done..], offset + done);
        destination[done..].Clear();
    }

    private int FirstExtentEndingAfter(long offset)
    {
        int low = 0, high = _extents.Length;
        while (low < high)
        {
            int middle = (low + high) >>> 1;
            if (_extents[middle].End > offset) high = middle;
            else low = middle + 1;
        }

        return low;
    }
}
