using System.Collections.Concurrent;
using OsCircular.Blocks;
using OsCircular.Indexes;
using OsCircular.Indexes.Signing;
using OsCircular.Sources;

namespace OsCircular.Publishing;

/// <summary>
/// Verifies a repository, or a cache, which is the same tree: every file against its name, the head against the key, and every index against its block
/// files: each decoded and compared with its row. A cache holds what was used, so there a missing file is no damage. Only reads.
/// </summary>
public sealed class RepositoryVerifier(TimeProvider time)
{
    private static readonly TimeSpan ReportEvery = TimeSpan.FromMilliseconds(200);

    private static readonly (string Folder, DocumentKind Kind, string Suffix)[] DocumentFolders =
    [
        (RepositoryPaths.Manifests, DocumentKind.Manifest, ".json"),
        (RepositoryPaths.Indexes, DocumentKind.IndexPage, ""),
        (RepositoryPaths.Profiles, DocumentKind.Profile, ".json"),
    ];

    /// <param name="path">The folder of a repository or a cache.</param>
    /// <param name="key">Checks the head's signature; null: the manifest it points to is taken on its word.</param>
    /// <param name="progress">Told of files and bytes, a few times a second.</param>
    /// <param name="cancellationToken">Ends the work within a file's time.</param>
    /// <exception cref="UserError">Nothing to verify is there.</exception>
    public async Task<VerifyResult> VerifyAsync(string path, MinisignPublicKey? key, IProgress<VerifyProgress>? progress, CancellationToken cancellationToken)
    {
        if (!Directory.Exists(Path.Combine(path, RepositoryPaths.Blocks)) && !File.Exists(Path.Combine(path, RepositoryPaths.Head)))
            throw new UserError($"{path}: neither a repository nor a cache ({RepositoryPaths.Head} and {RepositoryPaths.Blocks}/ are missing); check the path.");
        long started = time.GetTimestamp();
        var report = new VerifyReport();
        bool isCache = Directory.Exists(Path.Combine(path, "agent"));
        await VerifyDocumentsAsync(path, report, cancellationToken).ConfigureAwait(false);

        Manifest? manifest = HeadVerifier.Verify(path, key, isCache, report);
        var rows = new NeededBlocks();
        var walk = new IndexWalk(path, Missed, rows.Add);
        int versions = 0;
        foreach (ManifestVersion version in manifest?.Images.SelectMany(image => image.Versions) ?? [])
        {
            await Task.Run(() => walk.Walk(version, cancellationToken), cancellationToken).ConfigureAwait(false);
            versions++;
        }

        await VerifyBlocksAsync(path, rows, report, progress, cancellationToken).ConfigureAwait(false);
        if (!isCache) rows.ReportMissing(report);
        progress?.Report(report.Progress);
        return report.ToResult(key is not null && manifest is not null, versions, time.GetElapsedTime(started));

        void Missed(string file, string fault)
        {
            if (!isCache || fault != IndexWalk.Missing) report.Add(file, fault);
        }
    }

    private static Task VerifyDocumentsAsync(string path, VerifyReport report, CancellationToken cancellationToken)
    {
        IEnumerable<(string File, DocumentKind Kind, string Suffix)> files = DocumentFolders
            .Where(folder => Directory.Exists(Path.Combine(path, folder.Folder)))
            .SelectMany(folder => Directory.EnumerateFiles(Path.Combine(path, folder.Folder)).Select(file => (file, folder.Kind, folder.Suffix)));
        return Parallel.ForEachAsync(files, cancellationToken, (entry, _) =>
        {
            (string file, DocumentKind kind, string suffix) = entry;
            string name = Path.GetFileName(file);
            string? fault = "has no name of this folder";
            if (name.EndsWith(suffix, StringComparison.Ordinal) && Digest.TryParse(name.AsSpan(0, name.Length - suffix.Length), out Digest digest))
                fault = FaultOf(file, new DocumentName(kind, digest), report);
            if (fault is not null) report.Add(Path.GetRelativePath(path, file), fault);
            return ValueTask.CompletedTask;
        });
    }

    private static string? FaultOf(string file, DocumentName name, VerifyReport report)
    {
        try
        {
            byte[]? bytes = BoundedFile.TryRead(file, name.MaxLength);
            report.CountDocument(bytes?.Length ?? 0);
            return bytes is null || Digest.Of(bytes) != name.Digest ? IndexWalk.NotItsName : null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return $"cannot be read ({e.Message})";
        }
    }

    private async Task VerifyBlocksAsync(string path, NeededBlocks rows, VerifyReport report, IProgress<VerifyProgress>? progress, CancellationToken cancellationToken)
    {
        string folder = Path.Combine(path, RepositoryPaths.Blocks);
        if (!Directory.Exists(folder)) return;
        var idle = new ConcurrentBag<BlockFileVerifier>();
        var pace = new Pace(time, ReportEvery);
        try
        {
            await Parallel.ForEachAsync(Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories), cancellationToken, (file, _) =>
            {
                if (!idle.TryTake(out BlockFileVerifier? verifier)) verifier = new BlockFileVerifier(path, rows, report);
                verifier.Verify(file);
                idle.Add(verifier);
                if (progress is not null && pace.IsDue()) progress.Report(report.Progress);
                return ValueTask.CompletedTask;
            }).ConfigureAwait(false);
        }
        finally
        {
            foreach (BlockFileVerifier verifier in idle) verifier.Dispose();
        }
    }
}
