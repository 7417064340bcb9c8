using OsCircular.Blocks;
using OsCircular.Sources;

namespace OsCircular.Publishing.Collecting;

/// <summary>
/// Removes the files of a repository that nothing needs. Only after the head that needs them no more is durable; then each removal is one step by itself, and a
/// killed sweep is finished by the next. Files that are none of a repository's are left alone.
/// </summary>
/// <param name="writer">Where; null: nothing is removed, only counted.</param>
/// <param name="root">The repository's folder.</param>
/// <param name="needed">What stays.</param>
/// <param name="manifestStays">Which manifests stay.</param>
internal sealed class RepositorySweep(RepositoryWriter? writer, string root, NeededFiles needed, Func<DocumentName, bool> manifestStays)
{
    /// <summary>What was removed.</summary>
    public FileSum Freed { get; private set; }

    /// <summary>What only retired versions need.</summary>
    public FileSum Waiting { get; private set; }

    /// <exception cref="IOException">The disk fails; what is removed is.</exception>
    public void Run(IProgress<FileSum>? progress, Pace pace, CancellationToken cancellationToken)
    {
        foreach (string folder in (string[])[RepositoryPaths.Blocks, .. RepositoryPaths.DocumentFolders])
        {
            string path = Path.Combine(root, folder);
            if (!Directory.Exists(path)) continue;
            foreach (string file in Directory.EnumerateFiles(path, "*", SearchOption.AllDirectories))
            {
                cancellationToken.ThrowIfCancellationRequested();
                Look(file);
                if (progress is not null && pace.IsDue()) progress.Report(Freed);
            }
        }
    }

    private void Look(string file)
    {
        string relative = Path.GetRelativePath(root, file);
        bool isBlock = BlockName.TryParse(Path.GetFileName(file), out BlockName block) && relative == RepositoryPaths.Block(block);
        if (isBlock)
        {
            if (needed.OnlyWaits(block)) Waiting = Waiting.Plus(new FileInfo(file).Length);
            if (needed.Contains(block)) return;
            Freed = Freed.Plus(new FileInfo(file).Length);
            writer?.RemoveBlock(block);
        }
        else if (DocumentName.TryParse(relative, out DocumentName document))
        {
            if (needed.OnlyWaits(document)) Waiting = Waiting.Plus(new FileInfo(file).Length);
            if (document.Kind == DocumentKind.Manifest ? manifestStays(document) : needed.Contains(document)) return;
            Freed = Freed.Plus(new FileInfo(file).Length);
            writer?.RemoveDocument(document);
        }
    }
}
