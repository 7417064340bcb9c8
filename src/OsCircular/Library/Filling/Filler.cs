using System.Threading.Channels;
using Microsoft.Extensions.Logging;
using OsCircular.Blocks;
using OsCircular.Indexes;

namespace OsCircular.Library.Filling;

/// <summary>
/// Takes whole versions into the cache, one after the other, behind everybody who reads. Nothing of it is remembered when the agent ends, and nothing that was
/// filled is promised to stay. Thread-safe.
/// </summary>
public sealed class Filler : IAsyncDisposable
{
    /// <summary>Versions that wait or are filled at one time, and those that ended, of which the last are told of.</summary>
    public const int MaxUnfinished = 64, MaxEnded = 16;

    private readonly FillParts _parts;
    private readonly ILogger _logger;
    private readonly CancellationTokenSource _ending = new();
    private readonly Channel<FillJob> _queue = Channel.CreateUnbounded<FillJob>(); // bounded by MaxUnfinished
    private readonly Lock _lock = new();
    private readonly List<FillJob> _jobs = []; // guarded by _lock; in the order in which they were asked for
    private readonly Task _running;

    public Filler(FillParts parts, ILogger<Filler> logger)
    {
        _parts = parts;
        _logger = logger;
        _running = RunAsync();
    }

    /// <summary>All that are wanted, and the last that ended, oldest first.</summary>
    public IReadOnlyList<FillProgress> Progress
    {
        get
        {
            lock (_lock) return [.. _jobs.Select(job => job.Progress)];
        }
    }

    /// <summary>Begins to fill, or puts it in the queue; where that version is being filled already, changes nothing.</summary>
    /// <returns>Where it stands now.</returns>
    /// <exception cref="UserError">No such version is on offer, it cannot fit into the quota, or too many wait.</exception>
    public FillProgress Begin(VersionReference reference)
    {
        ManifestVersion version = Find(reference);
        lock (_lock)
        {
            if (Unfinished(reference.Image, version.Name) is { } running) return running.Progress;
            if (_jobs.Count(job => !job.Progress.HasEnded) >= MaxUnfinished)
                throw new UserError($"{MaxUnfinished} versions are waiting to be filled; wait for one of them, or stop it with: oscircular fill NAME@VERSION --stop");
            FillJob job = new(_parts, reference.Image, version, _logger);
            Forget(reference.Image, version.Name);
            _jobs.Add(job);
            _queue.Writer.TryWrite(job);
            return job.Progress;
        }
    }

    /// <summary>Stops filling; what has come in stays as long as it is not evicted.</summary>
    /// <returns>Whether that version was being filled, or waited to be.</returns>
    public bool Stop(VersionReference reference)
    {
        // Where it left the manifest, its name still tells which is meant.
        VersionName? name = reference.Version ?? _parts.Manifest()?.Find(reference)?.Name;
        lock (_lock)
        {
            if (name is not { } version || Unfinished(reference.Image, version) is not { } job) return false;
            job.Stop();
            return true;
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _ending.CancelAsync();
        await _running;
        lock (_lock) _jobs.ForEach(job => job.Dispose());
        _ending.Dispose();
    }

    private async Task RunAsync()
    {
        try
        {
            await foreach (FillJob job in _queue.Reader.ReadAllAsync(_ending.Token))
            {
                // Stopped while it waited.
                if (!job.Progress.HasEnded) await job.RunAsync(_ending.Token);

                // Not while someone stops it.
                lock (_lock) job.Dispose();
            }
        }
        catch (OperationCanceledException) when (_ending.IsCancellationRequested)
        {
        }
    }

    private ManifestVersion Find(VersionReference reference)
    {
        if (_parts.Manifest()?.Find(reference) is not { Retired: null } version)
            throw new UserError($"{reference} is not on offer; see: oscircular list");
        Cache.CacheStatus cache = _parts.Cache.Status;
        long room = cache.Quota - cache.DocumentBytes;
        if (version.StoredBytes > room)
            throw new UserError($"{reference.Image}@{version.Name} takes {Mebibytes(version.StoredBytes)}, but the cache holds {Mebibytes(room)} at most; give its agent a larger --quota");
        return version;
    }

    private FillJob? Unfinished(ImageName image, VersionName version) => _jobs.Find(job => job.IsOf(image, version) && !job.Progress.HasEnded);

    // What is asked for anew, and what is long over.
    private void Forget(ImageName image, VersionName version)
    {
        List<FillJob> ended = _jobs.FindAll(job => job.Progress.HasEnded);
        foreach (FillJob job in ended.Where((job, i) => job.IsOf(image, version) || i < ended.Count - MaxEnded))
        {
            _jobs.Remove(job);
        }
    }

    private static string Mebibytes(long bytes) => $"{(bytes + (1 << 20) - 1) >> 20} MiB";
}
