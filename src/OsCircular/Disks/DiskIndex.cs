using OsCircular.Blocks;
using OsCircular.Indexes;
using OsCircular.Sources;

namespace OsCircular.Disks;

/// <summary>The index of one disk, its pages fetched as they are needed.</summary>
/// <param name="geometry">The disk.</param>
/// <param name="root">Digest of the root page; null where the whole disk is zeros.</param>
/// <param name="pages">The memory for pages.</param>
internal sealed class DiskIndex(BlockGeometry geometry, Digest? root, IndexPages pages)
{
    private readonly IndexShape _shape = new(geometry);

    /// <summary>Looks a block up in the pages in memory; allocates nothing.</summary>
    /// <param name="block">The block's number.</param>
    /// <param name="row">Its row; <c>default</c>, which no real row is, where the block is all zeros.</param>
    /// <returns>False where a page is missing: <see cref="LoadAsync"/> brings it.</returns>
    public bool TryFind(long block, out BlockRow row)
    {
        row = default;
        if (root is not { } digest) return true;
        for (int level = _shape.RootLevel; ; level--)
        {
            if (!pages.TryGet(digest, out IndexPage? page) || page.Level != level) return false;
            int entry = IndexShape.EntryOf(block, level);
            if (level == 0)
            {
                _ = page.TryGetRow(entry, out row);
                return true;
            }

            if (!page.TryGetChild(entry, out digest)) return true;
        }
    }

    /// <summary>Brings the pages that lead to a block into memory.</summary>
    public async Task<SourceError> LoadAsync(long block, Deadline deadline, CancellationToken cancellationToken)
    {
        if (root is null) return SourceError.None;
        return (await DescendAsync(block, deadline, cancellationToken).ConfigureAwait(false)).Error;
    }

    /// <summary>The first block at or after <paramref name="block"/> that has data, or that is all zeros; the disk's block count where there is none.</summary>
    public async ValueTask<(SourceError Error, long Block)> FindAsync(long block, bool data, Deadline deadline, CancellationToken cancellationToken)
    {
        long count = geometry.BlockCount;
        if (root is null) return (SourceError.None, data ? count : block);
        while (block < count)
        {
            (SourceError error, IndexPage? page, int level) = await DescendAsync(block, deadline, cancellationToken).ConfigureAwait(false);
            if (page is null) return (error, 0);

            int entry = IndexShape.EntryOf(block, level);
            if (page.IsZero(entry) != data) return (SourceError.None, block);

            // On to the next entry of the other kind; above the leaves it only says where to look.
            int next = data ? page.NextPresent(entry) : page.NextAbsent(entry);
            block = IndexShape.FirstBlockOf(IndexShape.PageOf(block, level), level) + next * IndexShape.BlocksPerEntry(level);
        }

        return (SourceError.None, count);
    }

    /// <summary>The page at which the way to a block ends: its leaf, or the page above that says all below is zeros.</summary>
    private async ValueTask<(SourceError Error, IndexPage? Page, int Level)> DescendAsync(long block, Deadline deadline, CancellationToken cancellationToken)
    {
        Digest digest = root.GetValueOrDefault();
        for (int level = _shape.RootLevel; ; level--)
        {
            (SourceError error, IndexPage? page) = await pages.GetAsync(digest, level, geometry.BlockSize, deadline, cancellationToken).ConfigureAwait(false);
            if (page is null || level == 0 || !page.TryGetChild(IndexShape.EntryOf(block, level), out digest)) return (error, page, level);
        }
    }
}
