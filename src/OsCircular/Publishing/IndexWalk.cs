using OsCircular.Blocks;
using OsCircular.Indexes;
using OsCircular.Sources;

namespace OsCircular.Publishing;

/// <summary>Takes a row and the length in bytes of its block.</summary>
internal delegate void RowVisitor(in BlockRow row, int blockLength);

/// <summary>Walks the indexes of a repository's versions, each page once however many share it. Not thread-safe.</summary>
/// <param name="repository">The repository's folder.</param>
/// <param name="damaged">Told of a page that is missing or wrong (its path and what is wrong); the walk goes on without it unless this throws.</param>
/// <param name="visit">Told of each row.</param>
internal sealed class IndexWalk(string repository, Action<string, string> damaged, RowVisitor visit)
{
    public const string Missing = "is missing";
    public const string NotItsName = "is not what its name says";

    /// <summary>The pages met, damaged ones too.</summary>
    public HashSet<Digest> Pages { get; } = [];

    public void Walk(ManifestVersion version, CancellationToken cancellationToken)
    {
        if (version.Index is not { } root) return;
        var shape = new IndexShape(version.Geometry);
        Walk(shape, root, shape.RootLevel, 0, cancellationToken);
    }

    private void Walk(IndexShape shape, Digest digest, int level, long firstBlock, CancellationToken cancellationToken)
    {
        if (!Pages.Add(digest)) return;
        cancellationToken.ThrowIfCancellationRequested();
        if (Load(shape, digest, level) is not { } page) return;
        for (int entry = page.NextPresent(0); entry < IndexShape.EntriesPerPage; entry = page.NextPresent(entry + 1))
        {
            long block = firstBlock + entry * IndexShape.BlocksPerEntry(level);
            if (block >= shape.Geometry.BlockCount)
            {
                damaged(PathOf(digest), "has entries after the disk's end");
                return;
            }

            if (level == 0 && page.TryGetRow(entry, out BlockRow row)) visit(row, shape.Geometry.LengthOf(block));
            else if (level > 0 && page.TryGetChild(entry, out Digest child)) Walk(shape, child, level - 1, block, cancellationToken);
        }
    }

    private IndexPage? Load(IndexShape shape, Digest digest, int level)
    {
        string path = PathOf(digest);
        string fault;
        try
        {
            byte[]? bytes = BoundedFile.TryRead(Path.Combine(repository, path), IndexPage.MaxLength);
            if (bytes is null || Digest.Of(bytes) != digest) fault = NotItsName;
            else if (IndexPage.TryParse(bytes, level, shape.Geometry.BlockSize, out IndexPage? page, out IndexPageFault why)) return page;
            else fault = why == IndexPageFault.Newer ? "is in a newer format than this program knows" : "is no index page of its level";
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            fault = Missing;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            fault = $"cannot be read ({e.Message})";
        }

        damaged(path, fault);
        return null;
    }

    private static string PathOf(Digest digest) => RepositoryPaths.Document(DocumentKind.IndexPage, digest);
}
