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

    internal const string NoNameOfOurs = "has no name of this folder";

    /// <param name="path">The folder of a repository or a cache.</param>
    /// <param name="key">Checks the head's signature; null: the manifest it points to is taken on its word.</param>
    /// <param name="progress">Told of files and bytes, a few times a second.</param>
    /// <param name="cancellationToken">Ends the work within a file's time.</param>
    /// <exception cref="UserError">Nothing to verify is there.</exception>
    public async Task<VerifyResult> VerifyAsync(string path, MinisignPublicKey? key, IProgress<VerifyProgress>? progress, CancellationToken cancellationToken) =>
        (await SurveyAsync(path, key, progress, cancellationToken).ConfigureAwait(false)).Result;

    /// <summary>The same, and what of the damage can be fetched again.</summary>
    /// <inheritdoc cref="VerifyAsync"/>
    public async Task<VerifySurvey> SurveyAsync(string path, MinisignPublicKey? key, IProgress<VerifyProgress>? progress, CancellationToken cancellationToken)
    {
        if (!Directory.Exists(Path.Combine(path, RepositoryPaths.Blocks)) && !File.Exists(Path.Combine(path, RepositoryPaths.Head)))
            throw new UserError($"{path}: neither a repository nor a cache ({RepositoryPaths.Head} and {RepositoryPaths.Blocks}/ are missing); check the path.");
        long started = time.GetTimestamp();
        var report = new VerifyReport();
        bool isCache = IsCache(path);
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
        IReadOnlyList<AffectedVersion> affected = await Task.Run(() => Affected(path, manifest, report.Damage, isCache, cancellationToken), cancellationToken).ConfigureAwait(false);
        VerifyResult result = report.ToResult(key is not null && manifest is not null, versions, time.GetElapsedTime(started)) with { Affected = affected };
        return Survey(report, rows, manifest, result);

        void Missed(string file, string fault)
        {
            if (fault != IndexWalk.Missing) report.Add(file, fault);
            else if (!isCache) report.Add(file, fault, DamageKind.Missing);
        }
    }

    /// <summary>Whether a folder is an agent's cache.</summary>
    public static bool IsCache(string path) => Directory.Exists(Path.Combine(path, "agent"));

    private static List<AffectedVersion> Affected(string path, Manifest? manifest, IReadOnlyList<Damage> damage, bool isCache, CancellationToken cancellationToken)
    {
        List<AffectedVersion> affected = [];
        if (damage.Count == 0 || manifest is null) return affected;
        HashSet<BlockName> bad = [.. damage.Select(one => BlockName.TryParse(Path.GetFileName(one.Path), out BlockName name) ? name : default)];
        foreach (ManifestImage image in manifest.Images)
        {
            foreach (ManifestVersion version in image.Versions)
            {
                (long blocks, long pages) = (0, 0);
                IndexWalk walk = new(
                    path,
                    (_, fault) => pages += isCache && fault == IndexWalk.Missing ? 0 : 1,
                    (in BlockRow row, int _) => blocks += bad.Contains(row.Name) ? 1 : 0);
                walk.Walk(version, cancellationToken);
                if (blocks + pages > 0) affected.Add(new AffectedVersion($"{image.Name}@{version.Name}", blocks, pages));
            }
        }

        return affected;
    }

    private static VerifySurvey Survey(VerifyReport report, NeededBlocks rows, Manifest? manifest, VerifyResult result)
    {
        List<DamagedBlock> blocks = [];
        List<DocumentName> documents = [];
        List<BlockName> unneeded = [];
        foreach (Damage damage in report.Damage.Where(damage => damage.Kind != DamageKind.Foreign))
        {
            string file = Path.GetFileName(damage.Path);
            if (BlockName.TryParse(file, out BlockName name))
            {
                if (rows.TryFind(name, out DamagedBlock block)) blocks.Add(block);
                else unneeded.Add(name);
            }
            else if (DocumentName.TryParse(damage.Path, out DocumentName document)) documents.Add(document);
        }

        int[] sizes = [.. (manifest?.Images ?? []).SelectMany(image => image.Versions).Select(version => version.Geometry.BlockSize).Distinct()];
        return new VerifySurvey(result, blocks, documents, unneeded, sizes);
    }

    private static Task VerifyDocumentsAsync(string path, VerifyReport report, CancellationToken cancellationToken)
    {
        IEnumerable<string> files = RepositoryPaths.DocumentFolders
            .Select(folder => Path.Combine(path, folder))
            .Where(Directory.Exists)
            .SelectMany(Directory.EnumerateFiles);
        return Parallel.ForEachAsync(files, cancellationToken, (file, _) =>
        {
            string relative = Path.GetRelativePath(path, file);
            if (!DocumentName.TryParse(relative, out DocumentName name)) report.Add(relative, NoNameOfOurs, DamageKind.Foreign);
            else if (FaultOf(file, name, report) is { } fault) report.Add(relative, fault);
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
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            // It went since it was listed. Where an index needs it, the walk finds it missing.
            return null;
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
