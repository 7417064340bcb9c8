using OsCircular.Blocks;
using OsCircular.Indexes;
using OsCircular.Sources;

namespace OsCircular.Publishing.Collecting;

/// <summary>
/// Retires old versions in a new signed manifest at once; takes versions whose time of grace is over out of it; then removes what no version of that manifest
/// needs. In this order, so that no file goes that the head on disk needs: killed anywhere, the next one goes on.
/// </summary>
public sealed class Collector
{
    private static readonly TimeSpan ReportEvery = TimeSpan.FromMilliseconds(200);

    private readonly TimeProvider _time;
    private readonly Action<string>? _beforeStep;

    public Collector(TimeProvider time) : this(time, beforeStep: null)
    {
    }

    /// <param name="time">The clock: of retiring, and of the end of grace.</param>
    /// <param name="beforeStep">Told of each change to the file system before it is made.</param>
    internal Collector(TimeProvider time, Action<string>? beforeStep)
    {
        _time = time;
        _beforeStep = beforeStep;
    }

    /// <param name="options">What to retire and to sweep.</param>
    /// <param name="progress">Told of what is freed, a few times a second.</param>
    /// <param name="cancellationToken">Ends the work within a file's time; the next collection goes on.</param>
    /// <exception cref="UserError">No repository, another key's, damaged, in use by another writer, or its disk fails.</exception>
    public Task<CollectResult> CollectAsync(CollectOptions options, IProgress<FileSum>? progress, CancellationToken cancellationToken)
    {
        options.Check();
        return Task.Run(() => Collect(options, progress, cancellationToken), cancellationToken);
    }

    private CollectResult Collect(CollectOptions options, IProgress<FileSum>? progress, CancellationToken cancellationToken)
    {
        long started = _time.GetTimestamp();
        try
        {
            // A dry run takes the lock too: what it says is to be true of one state.
            using RepositoryWriter writer = RepositoryWriter.Open(options.RepositoryPath, create: false, _beforeStep);
            RepositoryState state = RepositoryState.Load(writer.Root, options.Key.PublicKey)
                ?? throw new UserError($"{options.RepositoryPath}: its head is gone; put it back from a mirror.");
            if (options.Image is { } image && state.Manifest.Find(image) is null)
                throw new UserError($"{options.RepositoryPath}: it has no image {image}; give one of {string.Join(", ", state.Manifest.Images.Select(known => known.Name))}.");
            DateTimeOffset now = WholeSecond(_time.GetUtcNow());
            RetireRule.Outcome outcome = RetireRule.Apply(state.Manifest.Images, options.Image, options.Keep, options.Grace, now);

            // Before anything is written: where a page is damaged, what it leads to is not known, and nothing may go.
            NeededFiles needed = NeededFiles.Of(writer.Root, outcome.Images, (path, fault) => throw Damaged(options.RepositoryPath, path, fault), cancellationToken);
            long sequence = state.Head.Sequence;
            Digest newest = state.Head.Manifest;
            if (!options.DryRun)
            {
                writer.RemoveTornManifests();
                if (!outcome.ChangesNothing) (sequence, newest) = Commit(writer, state, outcome.Images, options, now, cancellationToken);
            }

            HashSet<Digest> superseded = SupersededLongAgo(writer.Root, _time.GetUtcNow() - options.Grace);
            RepositorySweep sweep = new(options.DryRun ? null : writer, writer.Root, needed, name => name.Digest == newest || !superseded.Contains(name.Digest));
            sweep.Run(progress, new Pace(_time, ReportEvery), cancellationToken);
            DateTimeOffset? first = outcome.Images.SelectMany(kept => kept.Versions).Min(version => version.Retired);
            return new CollectResult(
                state.Head.Repository, sequence, outcome.Retired, outcome.Gone, sweep.Freed, sweep.Waiting, first + options.Grace, options.DryRun,
                _time.GetElapsedTime(started));
        }
        catch (Exception cause) when (cause is IOException or UnauthorizedAccessException)
        {
            throw new UserError($"{options.RepositoryPath}: not collected to the end ({cause.Message.TrimEnd('.')}); no file that a version needs is gone. Mend that and collect again.", cause);
        }
    }

    private (long Sequence, Digest Manifest) Commit(
        RepositoryWriter writer, RepositoryState state, IReadOnlyList<ManifestImage> images, CollectOptions options, DateTimeOffset now, CancellationToken cancellationToken)
    {
        long next = state.Head.Sequence + 1;
        byte[] bytes = state.Manifest.With(next, images).ToBytes();
        Digest digest = Digest.Of(bytes);
        writer.StoreDocument(new DocumentName(DocumentKind.Manifest, digest), bytes);
        cancellationToken.ThrowIfCancellationRequested();

        // Collecting neither lengthens nor drops what the publisher promised.
        DateOnly? lastDay = options.ExpiresAfter is null ? state.Head.Comment.Expires : Expiry.LastDay(now, options.ExpiresAfter);
        writer.Commit(Head.Sign(options.Key, state.Head.Repository, next, bytes, lastDay, state.Head.Comment.Keys));
        return (next, digest);
    }

    /// <summary>
    /// Manifests that were not the newest any more at this time: whoever read the head that names one has long had it. By the time of the file that came after, which
    /// only errs on the safe side where a copy lost it.
    /// </summary>
    private static HashSet<Digest> SupersededLongAgo(string root, DateTimeOffset before)
    {
        string folder = Path.Combine(root, RepositoryPaths.Manifests);
        (Digest Digest, DateTime Written)[] manifests = [
            .. Directory.EnumerateFiles(folder)
                .Where(path => DocumentName.TryParse(Path.GetRelativePath(root, path), out _))
                .Select(path => (Digest.TryParse(Path.GetFileNameWithoutExtension(path), out Digest digest) ? digest : default, File.GetLastWriteTimeUtc(path)))
                .OrderBy(manifest => manifest.Item2)];
        return [.. manifests.Zip(manifests.Skip(1)).Where(pair => pair.Second.Written <= before.UtcDateTime).Select(pair => pair.First.Digest)];
    }

    private static UserError Damaged(string repository, string path, string fault) =>
        new($"{Path.Combine(repository, path)} {fault}, so nothing is removed: what it leads to is not known. Mend it with: oscircular verify {repository} --repair --from URL|DIR|IMAGE");

    private static DateTimeOffset WholeSecond(DateTimeOffset time) => new(time.Ticks - time.Ticks % TimeSpan.TicksPerSecond, TimeSpan.Zero);
}
