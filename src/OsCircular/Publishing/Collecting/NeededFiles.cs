using OsCircular.Blocks;
using OsCircular.Indexes;
using OsCircular.Sources;

namespace OsCircular.Publishing.Collecting;

/// <summary>
/// The names of all files that a manifest's versions need: about 40 bytes for each block. First what offered versions need, then what only retired ones do.
/// Filled by one thread, then asked by many.
/// </summary>
internal sealed class NeededFiles
{
    private readonly HashSet<BlockName> _blocks = [];
    private readonly HashSet<BlockName> _waitingBlocks = [];
    private readonly HashSet<DocumentName> _documents = [];
    private readonly HashSet<DocumentName> _waitingDocuments = [];

    public bool Contains(BlockName name) => _blocks.Contains(name) || _waitingBlocks.Contains(name);

    public bool Contains(DocumentName name) => _documents.Contains(name) || _waitingDocuments.Contains(name);

    /// <summary>Whether only retired versions need it.</summary>
    public bool OnlyWaits(BlockName name) => _waitingBlocks.Contains(name);

    /// <inheritdoc cref="OnlyWaits(BlockName)"/>
    public bool OnlyWaits(DocumentName name) => _waitingDocuments.Contains(name);

    /// <param name="repository">The folder whose index pages are walked.</param>
    /// <param name="images">Of the manifest.</param>
    /// <param name="damaged">Told of a page that is missing or wrong: it must throw, for what that page leads to is not known.</param>
    /// <param name="cancellationToken">Ends it within a page's time.</param>
    public static NeededFiles Of(string repository, IReadOnlyList<ManifestImage> images, Action<string, string> damaged, CancellationToken cancellationToken)
    {
        NeededFiles needed = new();
        bool waiting = false;
        IndexWalk walk = new(repository, damaged, (in BlockRow row, int _) =>
        {
            if (!waiting) needed._blocks.Add(row.Name);
            else if (!needed._blocks.Contains(row.Name)) needed._waitingBlocks.Add(row.Name);
        });
        int met = 0;
        foreach (ManifestVersion version in images.SelectMany(image => image.Versions).OrderBy(version => version.Retired is not null))
        {
            if (version.Retired is not null && !waiting)
            {
                waiting = true;
                met = needed.Keep(walk.Pages, needed._documents);
            }

            walk.Walk(version, cancellationToken);
            if (version.Profile is not { } profile) continue;
            DocumentName name = new(DocumentKind.Profile, profile);
            if (!waiting) needed._documents.Add(name);
            else if (!needed._documents.Contains(name)) needed._waitingDocuments.Add(name);
        }

        if (met < walk.Pages.Count) needed.Keep(walk.Pages, waiting ? needed._waitingDocuments : needed._documents);
        return needed;
    }

    private int Keep(HashSet<Digest> pages, HashSet<DocumentName> into)
    {
        foreach (Digest page in pages)
        {
            DocumentName name = new(DocumentKind.IndexPage, page);
            if (!_documents.Contains(name)) into.Add(name);
        }

        return pages.Count;
    }
}
