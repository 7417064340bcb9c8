using OsCircular.Blocks;
using OsCircular.Disks.Booting;
using OsCircular.Sources;

namespace OsCircular.Disks;

/// <summary>What a seek looks for (lseek(2), SEEK_DATA and SEEK_HOLE).</summary>
public enum SeekTarget
{
    Data,

    /// <summary>A block of zeros; the disk's end counts as one.</summary>
    Hole,
}

/// <summary>One published version as a readable disk. Immutable and safe to share; holds nothing that must be closed.</summary>
public sealed class Disk
{
    private readonly ReadPath _path;
    private readonly Lock _watching = new();
    private FirstTouches[] _watchers = []; // replaced whole, under _watching

    internal Disk(BlockGeometry geometry, Digest? root, DiskIndex index, ReadAhead ahead, ReadPath path)
    {
        Geometry = geometry;
        Root = root;
        Index = index;
        Ahead = ahead;
        _path = path;
    }

    public BlockGeometry Geometry { get; }

    /// <summary>Digest of the index's root page, the disk's identity; null where the whole disk is zeros.</summary>
    public Digest? Root { get; }

    internal DiskIndex Index { get; }
    internal ReadAhead Ahead { get; }

    /// <summary>Who is told what readers ask for; mostly nobody.</summary>
    internal ReadOnlySpan<FirstTouches> Watchers => Volatile.Read(ref _watchers);

    /// <summary>Has what readers ask for noted from now on.</summary>
    public void Watch(FirstTouches touches)
    {
        lock (_watching) Volatile.Write(ref _watchers, [.. _watchers, touches]);
    }

    /// <summary>Ends that; nothing where it was not begun.</summary>
    public void Unwatch(FirstTouches touches)
    {
        lock (_watching) Volatile.Write(ref _watchers, [.. _watchers.Where(other => other != touches)]);
    }

    /// <summary>
    /// Sends a prepared read on its way; it is completed by its <see cref="IDiskReadCompletion"/>, possibly before this returns. Never blocks for longer than
    /// this host's own disk takes, and not for that where the read does not allow it. Allocates nothing where memory or the cache hold the blocks.
    /// </summary>
    public void Read(DiskRead read) => _path.Start(this, read);

    /// <summary>Finds data or a hole, from the index alone.</summary>
    /// <param name="offset">Bytes from the disk's start, where to look from.</param>
    /// <param name="target">What to look for.</param>
    /// <param name="deadline">Index pages may have to be fetched.</param>
    /// <param name="cancellationToken">Ends it with <see cref="SourceError.Cancelled"/>.</param>
    /// <returns>The offset, at or after the given one; -1 where there is none (ENXIO): no more data, or an offset past the end.</returns>
    public async ValueTask<(SourceError Error, long Offset)> SeekAsync(long offset, SeekTarget target, Deadline deadline, CancellationToken cancellationToken)
    {
        if (offset < 0 || offset >= Geometry.DiskSize) return (SourceError.None, -1);
        bool data = target == SeekTarget.Data;
        (SourceError error, long block) = await Index.FindAsync(Geometry.BlockAt(offset), data, deadline, cancellationToken).ConfigureAwait(false);
        if (error != SourceError.None) return (error, -1);
        if (block < Geometry.BlockCount) return (SourceError.None, Math.Max(offset, Geometry.OffsetOf(block)));
        return (SourceError.None, data ? -1 : Geometry.DiskSize);
    }
}
