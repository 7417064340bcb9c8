using OsCircular.Blocks;
using OsCircular.Indexes;
using OsCircular.Sources;

namespace OsCircular.Publishing;

/// <summary>One disk on its way into a repository: its blocks through the pipeline, its index pages as they fill.</summary>
/// <param name="writer">Where to.</param>
/// <param name="known">The repository's blocks; the new ones are added.</param>
/// <param name="pages">The repository's index pages: not written again.</param>
/// <param name="geometry">How the disk falls into blocks.</param>
internal sealed class PublishJob(RepositoryWriter writer, KnownBlocks known, HashSet<Digest> pages, BlockGeometry geometry)
{
    public BlockCounts Counts { get; private set; }
    public long StoredBytes { get; private set; }
    public int NewPages { get; private set; }
    public long NewPageBytes { get; private set; }

    /// <returns>The index's root; null for a disk of zeros.</returns>
    public async Task<Digest?> RunAsync(IDiskInput input, PublishOptions options, BlockNaming nameOf, PublishReporter reporter, CancellationToken cancellationToken)
    {
        var index = new IndexTreeBuilder(new IndexShape(geometry), StorePage);
        var pipeline = new BlockPipeline(input, geometry, index, reporter.Report);
        await pipeline.RunAsync(options.Workers, () => new BlockCutter(input, geometry, known, writer, options.Level, nameOf), cancellationToken).ConfigureAwait(false);
        Counts = pipeline.Counts;
        StoredBytes = pipeline.StoredBytes;
        return index.Complete();
    }

    private void StorePage(Digest digest, ReadOnlyMemory<byte> page)
    {
        if (!pages.Add(digest)) return;
        writer.StoreDocument(new DocumentName(DocumentKind.IndexPage, digest), page.Span);
        NewPages++;
        NewPageBytes += page.Length;
    }
}
