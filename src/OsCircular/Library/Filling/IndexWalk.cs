using OsCircular.Blocks;
using OsCircular.Indexes;
using OsCircular.Sources;

namespace OsCircular.Library.Filling;

/// <summary>
/// Goes through the stored blocks of a version in the order of the disk. Keeps one page of each level, those on the way to where it stands: a walk from end to end
/// asks for each page once, whatever the size of the disk. Used by one task at a time.
/// </summary>
/// <param name="geometry">The disk.</param>
/// <param name="root">Digest of the root page; null where the whole disk is zeros.</param>
/// <param name="documents">Yields the pages.</param>
internal sealed class IndexWalk(BlockGeometry geometry, Digest? root, IDocumentSource documents)
{
    private readonly IndexShape _shape = new(geometry);
    private readonly (Digest Digest, IndexPage? Page)[] _path = new (Digest, IndexPage?)[new IndexShape(geometry).Levels];

    /// <summary>The first stored block at or after <paramref name="block"/>, and its row; the disk's block count or more where there is none.</summary>
    /// <param name="block">From 0.</param>
    /// <param name="deadline">For all pages that are needed.</param>
    /// <param name="cancellationToken">Ends it with <see cref="SourceError.Cancelled"/>.</param>
    /// <returns>An error where a page could not be had or is none: <see cref="SourceError.Invalid"/>.</returns>
    public async ValueTask<(SourceError Error, long Block, BlockRow Row)> FindAsync(long block, Deadline deadline, CancellationToken cancellationToken)
    {
        if (root is not { } digest) return (SourceError.None, geometry.BlockCount, default);
        for (int level = _shape.RootLevel; block < geometry.BlockCount;)
        {
            (SourceError error, IndexPage? page) = await PageAsync(digest, level, deadline, cancellationToken).ConfigureAwait(false);
            if (page is null) return (error, block, default);
            int entry = IndexShape.EntryOf(block, level);
            int next = page.NextPresent(entry);
            if (next != entry)
            {
                // All zeros up to there, which may be in another page: down again from the root.
                block = IndexShape.FirstBlockOf(IndexShape.PageOf(block, level), level) + (next * IndexShape.BlocksPerEntry(level));
                (digest, level) = (root.Value, _shape.RootLevel);
            }
            else if (level == 0)
            {
                _ = page.TryGetRow(entry, out BlockRow row);
                return (SourceError.None, block, row);
            }
            else
            {
                _ = page.TryGetChild(entry, out digest);
                level--;
            }
        }

        return (SourceError.None, block, default);
    }

    private async ValueTask<(SourceError Error, IndexPage? Page)> PageAsync(Digest digest, int level, Deadline deadline, CancellationToken cancellationToken)
    {
        if (_path[level].Page is { } kept && _path[level].Digest == digest) return (SourceError.None, kept);
        FetchedDocument fetched = await documents.FetchAsync(new DocumentName(DocumentKind.IndexPage, digest), deadline, cancellationToken).ConfigureAwait(false);
        if (!fetched.Succeeded) return (fetched.Error, null);
        if (!IndexPage.TryParse(fetched.Bytes, level, geometry.BlockSize, out IndexPage? page, out _)) return (SourceError.Invalid, null);
        _path[level] = (digest, page);
        return (SourceError.None, page);
    }
}
