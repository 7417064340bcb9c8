using System.Runtime.CompilerServices;
using OsCircular.Blocks;
using OsCircular.Indexes;
using OsCircular.Sources;

namespace OsCircular.Publishing.Mirroring;

/// <summary>
/// Walks the indexes of a manifest's versions, each page once: those that the copy has from there, the others from the source. New pages wait in the writer's
/// temporary folder until the block files that they name are in place. Memory: a digest for each page and a name for each block.
/// </summary>
internal sealed class CopyWalk(RepositoryWriter writer, IDocumentSource source, CopyTally tally, TimeProvider time)
{
    private readonly HashSet<Digest> _pages = [];
    private readonly HashSet<BlockName> _blocks = [];
    private readonly List<(DocumentName Name, string Temporary)> _waiting = [];

    /// <summary>Each block file that some version needs, once.</summary>
    /// <exception cref="CopyFault">A page cannot be had.</exception>
    public async IAsyncEnumerable<BlockRow> RowsAsync(Manifest manifest, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        foreach (ManifestVersion version in manifest.Images.SelectMany(image => image.Versions))
        {
            if (version.Index is not { } root) continue;
            IndexShape shape = new(version.Geometry);
            Stack<(Digest Page, int Level, long FirstBlock)> ahead = new([(root, shape.RootLevel, 0)]);
            while (ahead.TryPop(out (Digest Digest, int Level, long FirstBlock) next))
            {
                if (!_pages.Add(next.Digest)) continue;
                IndexPage page = await PageAsync(next.Digest, next.Level, version.Geometry.BlockSize, cancellationToken).ConfigureAwait(false);
                for (int entry = page.NextPresent(0); entry < IndexShape.EntriesPerPage; entry = page.NextPresent(entry + 1))
                {
                    long block = next.FirstBlock + entry * IndexShape.BlocksPerEntry(next.Level);
                    if (block >= version.Geometry.BlockCount) throw new CopyFault(SourceError.Invalid, $"index page {next.Digest} has entries after the disk's end");
                    if (next.Level > 0 && page.TryGetChild(entry, out Digest child)) ahead.Push((child, next.Level - 1, block));
                    else if (next.Level == 0 && page.TryGetRow(entry, out BlockRow row) && _blocks.Add(row.Name)) yield return row;
                }
            }
        }
    }

    /// <summary>Puts the new pages in place; when all block files are.</summary>
    public void StorePages()
    {
        foreach ((DocumentName name, string temporary) in _waiting) writer.StoreDocument(name, BoundedFile.Read(temporary, name.MaxLength));
    }

    private async ValueTask<IndexPage> PageAsync(Digest digest, int level, int blockSize, CancellationToken cancellationToken)
    {
        DocumentName name = new(DocumentKind.IndexPage, digest);
        byte[]? held = CopyFiles.Held(writer.Root, name);
        ReadOnlyMemory<byte> bytes = held ?? await CopyFiles.FetchAsync(source, name, time, cancellationToken).ConfigureAwait(false);
        if (!IndexPage.TryParse(bytes, level, blockSize, out IndexPage? page, out IndexPageFault fault))
        {
            string why = fault == IndexPageFault.Newer ? "is in a newer format than this program knows" : "is no index page of its level";
            throw new CopyFault(SourceError.Invalid, $"index page {digest} {why}");
        }

        if (held is not null)
        {
            tally.Had(held.Length);
            return page;
        }

        string temporary = writer.NewTemporary();
        await File.WriteAllBytesAsync(temporary, bytes, cancellationToken).ConfigureAwait(false);
        _waiting.Add((name, temporary));
        tally.Fetched(bytes.Length);
        return page;
    }
}
