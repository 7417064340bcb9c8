using OsCircular.Blocks;
using OsCircular.Indexes;
using OsCircular.Sources;

namespace OsCircular.Publishing;

/// <summary>
/// Makes a new version of an image in a repository. Written in this order: block files, index pages, profile, manifest, then all of it synced, then the head:
/// so the repository serves its old state until the new one is whole, and whatever a killed publish left is used by the next.
/// </summary>
public sealed class Publisher
{
    private static readonly TimeSpan ReportEvery = TimeSpan.FromMilliseconds(200);

    private readonly TimeProvider _time;
    private readonly Func<RepositoryId> _drawId;
    private readonly Action<string>? _beforeStep;
    private readonly BlockNaming _nameOf;

    public Publisher(TimeProvider time) : this(time, RepositoryId.Draw)
    {
    }

    /// <param name="time">The clock.</param>
    /// <param name="drawId">Draws a new repository's ID.</param>
    /// <param name="beforeStep">Told of each change to the file system before it is made.</param>
    /// <param name="nameOf">Names block files; null: SHA-1.</param>
    internal Publisher(TimeProvider time, Func<RepositoryId> drawId, Action<string>? beforeStep = null, BlockNaming? nameOf = null)
    {
        _time = time;
        _drawId = drawId;
        _beforeStep = beforeStep;
        _nameOf = nameOf ?? BlockName.Of;
    }

    /// <exception cref="UserError">The input is wrong, the key is not this repository's, the image changed while it was read, or the disk is full.</exception>
    public async Task<PublishResult> PublishAsync(PublishOptions options, IProgress<PublishProgress>? progress, CancellationToken cancellationToken)
    {
        options.Check();
        try
        {
            return await RunAsync(options, progress, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception cause) when (cause is IOException or UnauthorizedAccessException)
        {
            throw new UserError(
                $"{options.RepositoryPath}: not published ({cause.Message.TrimEnd('.')}); the repository still serves what it did. Mend that and publish again: what is written already is used.",
                cause);
        }
    }

    private async Task<PublishResult> RunAsync(PublishOptions options, IProgress<PublishProgress>? progress, CancellationToken cancellationToken)
    {
        long started = _time.GetTimestamp();
        string? format = options.TreatAsRaw ? null : ForeignImage.Recognise(options.ImagePath);
        using DiskInput? original = options.Overlay is null ? DiskInput.Open(options.ImagePath, options.Pad || format is not null) : null;
        if (format is not null) QemuImg.RequireInstalled(options.ImagePath, format);

        using RepositoryWriter writer = RepositoryWriter.Open(options.RepositoryPath, create: options.Overlay is null, _beforeStep);
        RepositoryState? state = RepositoryState.Load(writer.Root, options.Key.PublicKey);
        writer.RemoveTornManifests();
        ManifestImage image = state?.Manifest.Find(options.Name) ?? new ManifestImage(options.Name, [], []);
        VersionName version = ChooseVersion(image, options.Version);

        ManifestVersion? below = options.Overlay is { } overlay ? OverlayRules.BaseOf(overlay, overlay.MountedIndex(), options.Name, options.Force, state) : null;
        using IDiskInput? made = below is not null ? await OverlayInput.OpenAsync(options.Overlay!, new VersionRows(writer.Root, below), cancellationToken).ConfigureAwait(false)
            : format is not null ? await ConvertAsync(options, format, writer, progress, cancellationToken).ConfigureAwait(false)
            : null;
        IDiskInput input = made ?? original!;
        int blockSize = below?.Geometry.BlockSize ?? options.BlockSize ?? image.Versions.LastOrDefault()?.Geometry.BlockSize ?? BlockGeometry.DefaultBlockSize;
        var geometry = new BlockGeometry(input.DiskSize, blockSize);

        var profiles = new ProfileChoice(options, writer, below ?? image.Latest ?? image.Versions.LastOrDefault(), geometry);

        var reporter = new PublishReporter(_time, progress, geometry, ReportEvery);
        (KnownBlocks known, HashSet<Digest> pages) = LoadKnown(writer.Root, state, reporter, cancellationToken);
        var job = new PublishJob(writer, known, pages, geometry);
        reporter.Enter(PublishPhase.Publishing);
        Digest? root = await job.RunAsync(input, options, _nameOf, reporter, cancellationToken).ConfigureAwait(false);
        (original ?? input).CheckUnchanged();

        (ManifestVersion next, PublishedProfile? profile) = profiles.Apply(new ManifestVersion(version, root, geometry, job.StoredBytes, WholeSecond(_time.GetUtcNow())));
        PublishResult Result(VersionName name, bool unchanged, RepositoryId id, long at) => new(
            name, unchanged, id, at, geometry, job.Counts, job.NewPages, job.NewPageBytes, job.StoredBytes, profile, _time.GetElapsedTime(started));

        // The same image with another profile is a new version, for none ever changes.
        bool isSame = state is not null && image.Latest is { } latest && latest.Index == root && latest.Geometry == geometry && (options.Profile is null || latest.Profile == next.Profile);
        if (isSame) return Result(image.Latest!.Name, true, state!.Head.Repository, state.Head.Sequence);

        reporter.Enter(PublishPhase.Syncing);
        RepositoryId repository = state?.Head.Repository ?? _drawId();
        long sequence = (state?.Head.Sequence ?? 0) + 1;
        Manifest old = state?.Manifest ?? new Manifest(repository, sequence, []);
        Manifest manifest = old.With(sequence, options.Name, next);
        byte[] bytes = manifest.ToBytes();
        writer.StoreDocument(new DocumentName(DocumentKind.Manifest, Digest.Of(bytes)), bytes);
        cancellationToken.ThrowIfCancellationRequested(); // from here on it is one short step
        writer.Commit(Head.Sign(options.Key, repository, sequence, bytes, Expiry.LastDay(_time.GetUtcNow(), options.ExpiresAfter), state?.Head.Comment.Keys));
        return Result(version, false, repository, sequence);
    }

    private static VersionName ChooseVersion(ManifestImage image, VersionName? wanted)
    {
        if (wanted is not { } version) return image.NextVersion();
        return image.HasUsed(version)
            ? throw new UserError($"{image.Name}@{version}: this version was published before, and a version never changes; give another, the next free number is {image.NextVersion()}.")
            : version;
    }

    private static (KnownBlocks Known, HashSet<Digest> Pages) LoadKnown(string root, RepositoryState? state, PublishReporter reporter, CancellationToken cancellationToken)
    {
        reporter.Enter(PublishPhase.Loading);
        var known = new KnownBlocks();
        var walk = new IndexWalk(
            root,
            (path, fault) => throw new UserError($"{Path.Combine(root, path)} {fault}; put it back from a mirror, run verify, then publish again."),
            (in BlockRow row, int _) => known.Add(row, out _));
        foreach (ManifestImage image in state?.Manifest.Images ?? [])
        {
            foreach (ManifestVersion version in image.Versions) walk.Walk(version, cancellationToken);
        }

        return (known, walk.Pages);
    }

    private async Task<DiskInput> ConvertAsync(
        PublishOptions options, string format, RepositoryWriter writer, IProgress<PublishProgress>? progress, CancellationToken cancellationToken)
    {
        // Where $TMPDIR is not set: beside the blocks, for /tmp is often small, and the next publish sweeps it.
        string? elsewhere = Environment.GetEnvironmentVariable("TMPDIR");
        string raw = string.IsNullOrEmpty(elsewhere) ? writer.NewTemporary() : Path.Combine(elsewhere, $"oscircular-{Guid.NewGuid():N}.raw");
        try
        {
            await new QemuImg(_time).ConvertAsync(options.ImagePath, format, raw, progress, cancellationToken).ConfigureAwait(false);
            return DiskInput.Open(raw, options.Pad);
        }
        finally
        {
            // Open, it lives on without its name, and no kill leaves it behind.
            File.Delete(raw);
        }
    }

    private static DateTimeOffset WholeSecond(DateTimeOffset time) => new(time.Ticks - time.Ticks % TimeSpan.TicksPerSecond, TimeSpan.Zero);
}
