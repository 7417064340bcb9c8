using OsCircular.Blocks;
using OsCircular.Indexes;
using OsCircular.Indexes.Signing;
using OsCircular.Library.Filling;
using OsCircular.Sources;

namespace OsCircular.Library.Carrying;

/// <summary>
/// Puts versions into one plain tar file, out of a repository or a cache that holds them wholly: head, manifest, the index roots without which no head is adopted,
/// the versions' pages from the top down, their profiles, and then their block files in the order of the disk. So a file that was cut still brings what came before.
/// Each is verified before it is written.
/// </summary>
/// <param name="folder">The repository's or cache's.</param>
/// <param name="keys">The publisher's.</param>
/// <param name="time">Of every wait.</param>
public sealed class Exporter(string folder, KeyRing keys, TimeProvider time)
{
    private const int TarRecord = 512;

    private static readonly TimeSpan FileLimit = TimeSpan.FromMinutes(5);

    private readonly RepositoryFolder _from = new(folder);
    private readonly HashSet<Digest> _written = [];
    private readonly HashSet<BlockName> _met = [];
    private readonly List<(BlockName Name, int StoredLength)> _blocks = [];
    private long _blockBytes, _leftOut, _leftOutBytes;

    /// <summary>Writes an export. Run once.</summary>
    /// <param name="path">The file; it appears whole, in the place of one of that name.</param>
    /// <param name="wanted">The versions; none twice.</param>
    /// <param name="have">What the receiver has.</param>
    /// <param name="progress">Told of each block file.</param>
    /// <param name="cancellationToken">Gives it up; nothing is left then.</param>
    /// <exception cref="UserError">No such version, it is not all there, something of it is damaged (<see cref="UserError.DamageFound"/>), or the file cannot be written.</exception>
    public async Task<ExportResult> ExportAsync(
        string path, IReadOnlyCollection<VersionReference> wanted, Holdings have, IProgress<CarryProgress>? progress, CancellationToken cancellationToken)
    {
        (Head head, Manifest manifest, byte[] manifestBytes) = await LoadAsync(cancellationToken);
        (VersionReference Name, ManifestVersion Version)[] versions = [.. wanted.Select(reference => Find(manifest, reference)).DistinctBy(found => found.Name)];
        if (versions.Length > ExportMarker.MostVersions)
            throw new UserError($"{versions.Length} versions are too many for one export; give {ExportMarker.MostVersions} at most", UserError.WrongUsage);
        await using ExportWriter writer = ExportWriter.Open(path, versions.Max(found => found.Version.Published));
        await writer.WriteMarkerAsync(versions.Select(found => found.Name), cancellationToken);
        await writer.WriteAsync(RepositoryPaths.Head, head.Bytes, cancellationToken);
        await writer.WriteAsync(RepositoryPaths.Document(DocumentKind.Manifest, head.Manifest), manifestBytes, cancellationToken);
        foreach (Digest root in HeadLoader.RootsOf(manifest)) await WriteDocumentAsync(writer, new DocumentName(DocumentKind.IndexPage, root), cancellationToken);
        foreach (VersionReference reference in have.Versions) await CollectHeldAsync(manifest, reference, have, cancellationToken);
        foreach ((VersionReference name, ManifestVersion version) in versions) await WriteIndexAsync(writer, name, version, have, cancellationToken);
        await WriteBlocksAsync(writer, progress, cancellationToken);
        long length = await writer.CommitAsync(cancellationToken);
        return new ExportResult(
            head.Repository, head.Sequence, head.ExpiresAt == DateTimeOffset.MaxValue ? null : head.ExpiresAt, [.. versions.Select(found => found.Name)],
            _written.Count + 1, _blocks.Count, _blockBytes, _leftOut, _leftOutBytes, length);
    }

    private async Task<(Head Head, Manifest Manifest, byte[] Bytes)> LoadAsync(CancellationToken cancellationToken)
    {
        if (_from.TryReadHead() is not { } bytes) throw new UserError($"{folder} is no repository, and no cache that has adopted a head: it has no {RepositoryPaths.Head}");
        if (!Head.TryOpen(bytes, keys, out Head? head, out HeadRefusal? refusal)) throw new UserError($"{folder}: its head {refusal}");
        FetchedDocument fetched = await FetchAsync(new DocumentName(DocumentKind.Manifest, head.Manifest), cancellationToken);
        (Manifest? manifest, refusal) = HeadLoader.Check(head, fetched.Bytes.Span);
        return manifest is null ? throw new UserError($"{folder}: its head {refusal}") : (head, manifest, fetched.Bytes.ToArray());
    }

    private static (VersionReference Name, ManifestVersion Version) Find(Manifest manifest, VersionReference reference) =>
        manifest.Find(reference) is { Retired: null } version
            ? (new VersionReference(reference.Image, version.Name), version)
            : throw new UserError($"{reference} is not on offer; see: oscircular list");

    // What another version of this repository has in common with what is wanted; its own pages need not be carried.
    private async Task CollectHeldAsync(Manifest manifest, VersionReference reference, Holdings have, CancellationToken cancellationToken)
    {
        if (manifest.Find(reference) is not { } version) throw new UserError($"--have: {reference} is no version in {folder}, and no file or folder either");
        IndexWalk walk = new(version.Geometry, version.Index, _from);
        for (long at = 0; ; at++)
        {
            (SourceError error, at, BlockRow row) = await walk.FindAsync(at, Limit(), cancellationToken);
            if (error != SourceError.None) throw new UserError($"{folder}: the index of {reference}, which --have names, is not all there; name the receiver's cache or an earlier export instead");
            if (at >= version.Geometry.BlockCount) return;
            have.Add(row.Name);
        }
    }

    private async Task WriteIndexAsync(ExportWriter writer, VersionReference name, ManifestVersion version, Holdings have, CancellationToken cancellationToken)
    {
        long missing = 0;
        IndexWalk walk = new(version.Geometry, version.Index, new WritingSource(this, writer));
        for (long at = 0; ; at++)
        {
            (SourceError error, at, BlockRow row) = await walk.FindAsync(at, Limit(), cancellationToken);
            if (error != SourceError.None) throw new UserError($"{folder}: the index of {name} is damaged; mend it with: oscircular verify {folder} --repair", UserError.DamageFound);
            if (at >= version.Geometry.BlockCount) break;
            if (!_met.Add(row.Name)) continue;
            if (have.Contains(row.Name))
            {
                _leftOut++;
                _leftOutBytes += row.StoredLength;
            }
            else if (_from.Holds(row.Name))
            {
                _blocks.Add((row.Name, row.StoredLength));
                _blockBytes += row.StoredLength;
            }
            else
            {
                missing++;
            }
        }

        if (missing > 0)
        {
            throw new UserError(
                $"{folder} lacks {missing} blocks of {name}, so nothing was exported; if it is a cache, take in the rest with: oscircular fill {name} --cache {folder} --wait");
        }

        if (version.Profile is { } profile) await WriteDocumentAsync(writer, new DocumentName(DocumentKind.Profile, profile), cancellationToken);
    }

    private async Task WriteBlocksAsync(ExportWriter writer, IProgress<CarryProgress>? progress, CancellationToken cancellationToken)
    {
        byte[] buffer = new byte[StoredBlock.MaxLength];
        long total = writer.Length + _blockBytes + (_blocks.Count * (TarRecord + (TarRecord / 2L)));
        foreach ((BlockName name, int storedLength) in _blocks)
        {
            cancellationToken.ThrowIfCancellationRequested();
            Fetched read = _from.Read(name, storedLength, buffer);
            if (!read.Succeeded)
            {
                throw new UserError(
                    read.Error == SourceError.Missing
                        ? $"{folder}: {RepositoryPaths.Block(name)} went meanwhile, so nothing was exported; was it evicted? Fill the version again, and export then"
                        : $"{folder}: {RepositoryPaths.Block(name)} is damaged, so nothing was exported; mend it with: oscircular verify {folder} --repair",
                    read.Error == SourceError.Missing ? UserError.Failed : UserError.DamageFound);
            }

            await writer.WriteAsync(RepositoryPaths.Block(name), read.Block.Bytes, cancellationToken);
            progress?.Report(new CarryProgress(Math.Min(writer.Length, total), total));
        }
    }

    private async Task<FetchedDocument> WriteDocumentAsync(ExportWriter writer, DocumentName name, CancellationToken cancellationToken)
    {
        FetchedDocument fetched = await FetchAsync(name, cancellationToken);
        if (_written.Add(name.Digest)) await writer.WriteAsync(name.Path, fetched.Bytes, cancellationToken);
        return fetched;
    }

    private async Task<FetchedDocument> FetchAsync(DocumentName name, CancellationToken cancellationToken)
    {
        FetchedDocument fetched = await _from.FetchAsync(name, Limit(), cancellationToken);
        if (fetched.Succeeded) return fetched;
        throw fetched.Error == SourceError.Missing
            ? new UserError($"{folder} lacks {name}, so nothing was exported; if it is a cache, take in the whole version first with: oscircular fill NAME --cache {folder} --wait")
            : new UserError($"{folder}: {name} is damaged, so nothing was exported; mend it with: oscircular verify {folder} --repair", UserError.DamageFound);
    }

    private Deadline Limit() => Deadline.In(FileLimit, time);

    /// <summary>The folder's pages, each written when it is first met: from the top down, as they are walked.</summary>
    private sealed class WritingSource(Exporter exporter, ExportWriter writer) : IDocumentSource
    {
        public async ValueTask<FetchedDocument> FetchAsync(DocumentName name, Deadline deadline, CancellationToken cancellationToken) =>
            await exporter.WriteDocumentAsync(writer, name, cancellationToken);
    }
}
