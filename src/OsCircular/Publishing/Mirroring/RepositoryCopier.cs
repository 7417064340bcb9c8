using OsCircular.Blocks;
using OsCircular.Indexes;
using OsCircular.Indexes.Signing;
using OsCircular.Publishing.Collecting;
using OsCircular.Sources;

namespace OsCircular.Publishing.Mirroring;

/// <summary>
/// Copies a repository into a folder: block files first, then index pages, profiles and the manifest, all synced, and the head last. So the copy serves its old
/// state until the new one is whole; killed anywhere, the next copying uses what is there.
/// </summary>
public sealed class RepositoryCopier
{
    /// <summary>A source that publishes and collects meanwhile is begun with anew this often.</summary>
    private const int MaxHeads = 4;

    private static readonly TimeSpan ReportEvery = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan HeadLimit = TimeSpan.FromSeconds(30);

    private readonly IHeadSource _heads;
    private readonly GoodFiles _source;
    private readonly TimeProvider _time;
    private readonly Action<string>? _beforeStep;

    /// <param name="heads">Where the head is.</param>
    /// <param name="source">Where the files are.</param>
    /// <param name="time">Of every wait.</param>
    public RepositoryCopier(IHeadSource heads, GoodFiles source, TimeProvider time) : this(heads, source, time, beforeStep: null)
    {
    }

    /// <param name="beforeStep">Told of each change to the file system before it is made.</param>
    internal RepositoryCopier(IHeadSource heads, GoodFiles source, TimeProvider time, Action<string>? beforeStep)
    {
        _heads = heads;
        _source = source;
        _time = time;
        _beforeStep = beforeStep;
    }

    /// <param name="options">What is copied where.</param>
    /// <param name="progress">Told of files and bytes, a few times a second.</param>
    /// <param name="cancellationToken">Ends the work within a file's time; the next copying goes on.</param>
    /// <exception cref="UserError">The head is refused, a file cannot be had, another program writes there, or its disk takes nothing.</exception>
    public async Task<CopyResult> CopyAsync(CopyOptions options, IProgress<CopyProgress>? progress, CancellationToken cancellationToken)
    {
        options.Check();
        bool isNew = !Directory.Exists(options.Folder);
        try
        {
            if (RepositoryVerifier.IsCache(options.Folder)) throw new UserError($"{options.Folder}: an agent's cache; give a folder of its own for the copy.");
            using RepositoryWriter writer = RepositoryWriter.Open(options.Folder, create: true, _beforeStep);
            long started = _time.GetTimestamp();
            CopyTally tally = new(progress, new Pace(_time, ReportEvery));
            HeadComment? held = HeldHead(writer.Root);
            Head head = await FetchHeadAsync(options.Key, held, cancellationToken).ConfigureAwait(false);
            HashSet<BlockName> settled = await Task.Run(() => Settled(writer.Root, held, cancellationToken), cancellationToken).ConfigureAwait(false);
            Manifest manifest;
            for (int heads = 1; ; heads++)
            {
                try
                {
                    manifest = await BringAsync(writer, head, options.Parallel, settled, tally, cancellationToken).ConfigureAwait(false);
                    break;
                }
                catch (CopyFault fault) when (fault.Error == SourceError.Missing && heads < MaxHeads)
                {
                    // Swept at the source since its head was read?
                    Head newer = await FetchHeadAsync(options.Key, held, cancellationToken).ConfigureAwait(false);
                    if (newer.Sequence <= head.Sequence) throw;
                    head = newer;
                }
            }

            if (held is null || held.Sequence != head.Sequence || tally.Now.Fetched.Files > 0) writer.Commit(head.Bytes.Span);
            FileSum freed = options.Delete
                ? await Task.Run(() => Sweep(writer, manifest, head.Manifest, held?.Manifest, cancellationToken), cancellationToken).ConfigureAwait(false)
                : default;
            CopyProgress done = tally.Now;
            return new CopyResult(
                head.Repository, head.Sequence, held?.Sequence ?? 0, manifest.Images.Sum(image => image.Versions.Count), done.Fetched, done.Had, freed, head.Comment.Expires,
                _time.GetElapsedTime(started));
        }
        catch (CopyFault fault)
        {
            throw new UserError($"{_heads.Name}: {fault.Message}; the copy still serves what it did. Run it again: what is fetched already is used.", fault);
        }
        catch (Exception cause) when (cause is IOException or UnauthorizedAccessException)
        {
            throw new UserError($"{options.Folder}: not copied ({cause.Message.TrimEnd('.')}); it still serves what it did. Mend that and run it again: what is fetched already is used.", cause);
        }
        finally
        {
            if (isNew) RemoveIfEmpty(options.Folder);
        }
    }

    // Made for a copy of which nothing came: a wrong address, say.
    private static void RemoveIfEmpty(string folder)
    {
        try
        {
            if (Directory.Exists(folder) && !Directory.EnumerateFileSystemEntries(folder).Any()) Directory.Delete(folder);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Then it stays: it harms nobody.
        }
    }

    private async Task<Manifest> BringAsync(
        RepositoryWriter writer, Head head, int parallel, HashSet<BlockName> settled, CopyTally tally, CancellationToken cancellationToken)
    {
        DocumentName name = new(DocumentKind.Manifest, head.Manifest);
        byte[]? held = CopyFiles.Held(writer.Root, name);
        ReadOnlyMemory<byte> bytes = held ?? await CopyFiles.FetchAsync(_source.Documents, name, _time, cancellationToken).ConfigureAwait(false);
        if (!head.Signs(bytes.Span)) throw new CopyFault(SourceError.Invalid, "its head has a wrong signature: it does not sign its manifest");
        if (!Manifest.TryParse(bytes.Span, out Manifest? manifest, out HeadRefusal? refusal)) throw new CopyFault(SourceError.Invalid, $"its head {refusal}");
        if (manifest.Repository != head.Repository || manifest.Sequence > head.Sequence)
            throw new CopyFault(SourceError.Invalid, "its head and its manifest disagree on the repository's ID or the sequence");

        CopyWalk walk = new(writer, _source.Documents, tally, _time);
        BlockCopier blocks = new(writer, _source.Blocks, settled, tally, _time);
        ParallelOptions several = new() { MaxDegreeOfParallelism = parallel, CancellationToken = cancellationToken };
        await Parallel.ForEachAsync(walk.RowsAsync(manifest, cancellationToken), several, (row, token) => blocks.BringAsync(row, token)).ConfigureAwait(false);
        walk.StorePages();
        foreach (Digest profile in manifest.Images.SelectMany(image => image.Versions).Select(version => version.Profile).OfType<Digest>().Distinct())
            await BringProfileAsync(writer, new DocumentName(DocumentKind.Profile, profile), tally, cancellationToken).ConfigureAwait(false);
        if (held is not null) return manifest;
        writer.StoreDocument(name, bytes.Span);
        tally.Fetched(bytes.Length);
        return manifest;
    }

    private async Task BringProfileAsync(RepositoryWriter writer, DocumentName name, CopyTally tally, CancellationToken cancellationToken)
    {
        if (CopyFiles.Held(writer.Root, name) is { } held)
        {
            tally.Had(held.Length);
            return;
        }

        ReadOnlyMemory<byte> bytes = await CopyFiles.FetchAsync(_source.Documents, name, _time, cancellationToken).ConfigureAwait(false);
        writer.StoreDocument(name, bytes.Span);
        tally.Fetched(bytes.Length);
    }

    private async Task<Head> FetchHeadAsync(MinisignPublicKey key, HeadComment? held, CancellationToken cancellationToken)
    {
        FetchedHead fetched = await _heads.FetchHeadAsync(Deadline.In(HeadLimit, _time), cancellationToken).ConfigureAwait(false);
        cancellationToken.ThrowIfCancellationRequested();
        if (!fetched.Succeeded)
            throw new UserError($"{_heads.Name}: its head could not be had ({fetched.Detail ?? fetched.Error.ToString().ToLowerInvariant()}); check that it is a repository's address.");
        if (!Head.TryOpen(fetched.Bytes, key, out Head? head, out HeadRefusal? refusal)) throw new UserError($"{_heads.Name}: its head {refusal}");
        return CopyRule.FaultOf(held, head.Comment) is { } fault ? throw new UserError($"{_heads.Name}: its head {fault}") : head;
    }

    private static HeadComment? HeldHead(string root)
    {
        string path = Path.Combine(root, RepositoryPaths.Head);
        if (!File.Exists(path)) return null;
        return MinisignSignature.TryParse(BoundedFile.Read(path, RepositoryPaths.MaxHeadLength), out MinisignSignature? signature, out _)
            && HeadComment.TryParse(signature.TrustedComment, out HeadComment? comment, out _)
                ? comment
                : throw new UserError($"{path}: no head that this program knows, so it is damaged; remove it and run this again: what is fetched already is used.");
    }

    private static HashSet<BlockName> Settled(string root, HeadComment? held, CancellationToken cancellationToken)
    {
        HashSet<BlockName> settled = [];
        if (held is null || CopyFiles.Held(root, new DocumentName(DocumentKind.Manifest, held.Manifest)) is not { } bytes) return settled;
        if (!Manifest.TryParse(bytes, out Manifest? manifest, out _)) return settled;

        // A page that is damaged or missing settles nothing, and is fetched anew.
        IndexWalk walk = new(root, (_, _) => { }, (in BlockRow row, int _) => settled.Add(row.Name));
        foreach (ManifestVersion version in manifest.Images.SelectMany(image => image.Versions)) walk.Walk(version, cancellationToken);
        return settled;
    }

    // Whoever has just read the head before this one still finds its manifest.
    private FileSum Sweep(RepositoryWriter writer, Manifest manifest, Digest newest, Digest? before, CancellationToken cancellationToken)
    {
        NeededFiles needed = NeededFiles.Of(writer.Root, manifest.Images, (path, fault) => throw new CopyFault(SourceError.Invalid, $"{path} of the copy {fault}"), cancellationToken);
        RepositorySweep sweep = new(writer, writer.Root, needed, name => name.Digest == newest || name.Digest == before);
        sweep.Run(null, new Pace(_time, ReportEvery), cancellationToken);
        return sweep.Freed;
    }
}
