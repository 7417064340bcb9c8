using System.Threading.Channels;
using Microsoft.Extensions.Logging;
using OsCircular.Blocks;
using OsCircular.Indexes;

namespace OsCircular.Library.Filling;

/// <summary>
/// Takes whole versions, or what their profiles name, into the cache, one after the other, behind everybody who reads. Nothing of it is remembered when the agent
/// ends, and nothing that was filled is promised to stay: that is what pins are for. Thread-safe.
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

    /// <summary>Raised after a filling has ended, on the filler's own task. Handlers must be quick and not throw.</summary>
    public event Action? Ended;

    /// <summary>Begins to fill, or puts it in the queue; where the same is being filled already, changes nothing.</summary>
    /// <param name="reference">Which version.</param>
    /// <param name="profileOnly">Only what its profile names.</param>
    /// <returns>Where it stands now.</returns>
    /// <exception cref="UserError">No such version is on offer, it has no profile, it cannot fit into the quota, or too many wait.</exception>
    public FillProgress Begin(VersionReference reference, bool profileOnly = false)
    {
        FillTarget target = Find(reference, profileOnly);
        return TryBegin(target, () => _parts.Manifest()?.Find(target.Image)?.Find(target.Version.Name) is { Retired: null })
            ?? throw new UserError($"{MaxUnfinished} versions are waiting to be filled; wait for one of them, or stop it with: oscircular fill NAME@VERSION --stop");
    }

    /// <summary>The same for what a pin wants, on offer or not.</summary>
    /// <param name="target">What is to be held.</param>
    /// <param name="isWanted">Whether it still is.</param>
    /// <returns>Where it stands now; null where too many wait.</returns>
    internal FillProgress? TryBegin(FillTarget target, Func<bool> isWanted)
    {
        lock (_lock)
        {
            if (Unfinished(target) is { } running) return running.Progress;
            if (_jobs.Count(job => !job.Progress.HasEnded) >= MaxUnfinished) return null;
            FillJob job = new(_parts, target, isWanted, _logger);
            Forget(target);
            _jobs.Add(job);
            _queue.Writer.TryWrite(job);
            return job.Progress;
        }
    }

    /// <summary>Stops filling; what has come in stays as long as it is not evicted.</summary>
    /// <returns>Whether that was being filled, or waited to be.</returns>
    public bool Stop(VersionReference reference, bool profileOnly = false)
    {
        // Where it left the manifest, its name still tells which is meant.
        VersionName? name = reference.Version ?? _parts.Manifest()?.Find(reference)?.Name;
        return name is not null && Stop(target => target.Image == reference.Image && target.Version.Name == name && target.ProfileOnly == profileOnly);
    }

    /// <inheritdoc cref="Stop(VersionReference, bool)"/>
    internal bool Stop(FillTarget target) => Stop(target.IsSameAs);

    public async ValueTask DisposeAsync()
    {
        await _ending.CancelAsync();
        await _running;
        lock (_lock) _jobs.ForEach(job => job.Dispose());
        _ending.Dispose();
    }

    private bool Stop(Predicate<FillTarget> isMeant)
    {
        lock (_lock)
        {
            if (_jobs.Find(job => isMeant(job.Target) && !job.Progress.HasEnded) is not { } job) return false;
            job.Stop();
            return true;
        }
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
                Ended?.Invoke();
            }
        }
        catch (OperationCanceledException) when (_ending.IsCancellationRequested)
        {
        }
    }

    private FillTarget Find(VersionReference reference, bool profileOnly)
    {
        if (_parts.Manifest()?.Find(reference) is not { Retired: null } version)
            throw new UserError($"{reference} is not on offer; see: oscircular list");
        FillTarget target = new(reference.Image, version, profileOnly);
        if (profileOnly && version.Profile is null)
            throw new UserError($"no profile was published for {target.Image}@{version.Name}; leave out --profile to fill all of it");
        Cache.CacheStatus cache = _parts.Cache.Status;
        long room = cache.Quota - cache.DocumentBytes;
        if (!profileOnly && version.StoredBytes > room)
            throw new UserError($"{target} takes {Mebibytes(version.StoredBytes)}, but the cache holds {Mebibytes(room)} at most; give its agent a larger --quota");
        return target;
    }

    private FillJob? Unfinished(FillTarget target) => _jobs.Find(job => job.Target.IsSameAs(target) && !job.Progress.HasEnded);

    // What is asked for anew, and what is long over.
    private void Forget(FillTarget target)
    {
        List<FillJob> ended = _jobs.FindAll(job => job.Progress.HasEnded);
        foreach (FillJob job in ended.Where((job, i) => job.Target.IsSameAs(target) || i < ended.Count - MaxEnded))
        {
            _jobs.Remove(job);
        }
    }

    /// <summary>Whole mebibytes, rounded up.</summary>
    internal static string Mebibytes(long bytes) => $"{(bytes + (1 << 20) - 1) >> 20} MiB";
}
