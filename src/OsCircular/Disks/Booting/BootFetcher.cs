using Microsoft.Extensions.Logging;

namespace OsCircular.Disks.Booting;

/// <summary>Fetches ahead of each guest that begins to boot what the profile of its version names, once for each opening of its disk. Thread-safe.</summary>
public sealed class BootFetcher : IAsyncDisposable
{
    /// <summary>Disks that are fetched for, or watched, or told of, at one time: those opened last.</summary>
    public const int MostTold = 16;

    private readonly BootParts _parts;
    private readonly ILogger _logger;
    private readonly OwnedTasks _running;
    private readonly CancellationTokenSource _ending = new();
    private readonly Lock _gate = new();
    private readonly List<BootFetch> _boots = []; // guarded by _gate; oldest first
    private bool _hasEnded; // guarded by _gate
    private long _blocks;
    private long _bytes;

    public BootFetcher(BootParts parts, ILogger<BootFetcher> logger)
    {
        _parts = parts;
        _logger = logger;
        _running = new OwnedTasks(logger);
    }

    /// <summary>Those that are fetched for, and the last that were, oldest first.</summary>
    public IReadOnlyList<BootProgress> Progress
    {
        get
        {
            lock (_gate) return [.. _boots.Select(boot => boot.Progress)];
        }
    }

    /// <summary>Blocks fetched by profile, and their stored bytes, since the start; of boots that have ended.</summary>
    public (long Blocks, long Bytes) Totals => (Interlocked.Read(ref _blocks), Interlocked.Read(ref _bytes));

    /// <summary>Raised when one has ended, on its own task. Handlers must be quick and not throw.</summary>
    public event Action<BootProgress>? Ended;

    /// <summary>A disk is read for the first time since it was opened. Returns at once; does nothing while that disk is still fetched for.</summary>
    public void Begin(BootedDisk booted)
    {
        BootFetch boot;
        lock (_gate)
        {
            if (_hasEnded || _boots.Exists(other => other.Booted.Disk == booted.Disk && other.IsFetching)) return;
            if (_boots.Count == MostTold)
            {
                if (_boots.Find(other => !other.IsFetching) is not { } ended) return;
                Forget(ended);
            }

            boot = new BootFetch(_parts, booted, _logger);
            booted.Disk.Watch(boot.Touches);
            _boots.Add(boot);
            _running.Add(RunAsync(boot));
        }
    }

    /// <summary>A disk is not open any more: nothing more is fetched for it.</summary>
    public void End(BootedDisk booted)
    {
        lock (_gate)
        {
            foreach (BootFetch boot in _boots.Where(boot => boot.Booted.Disk == booted.Disk))
            {
                boot.Stop("the disk was closed");
                boot.Booted.Disk.Unwatch(boot.Touches);
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        lock (_gate) _hasEnded = true;
        await _ending.CancelAsync().ConfigureAwait(false);
        await _running.WhenAllAsync().ConfigureAwait(false);
        _ending.Dispose();
    }

    private async Task RunAsync(BootFetch boot)
    {
        // Off the reader's thread, which has a reply to write.
        await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
        await boot.RunAsync(_ending.Token).ConfigureAwait(false);
        BootProgress end = boot.Progress;
        Interlocked.Add(ref _blocks, end.Fetched);
        Interlocked.Add(ref _bytes, end.FetchedBytes);
        lock (_gate) ForgetTheLesser(boot, end);
        Ended?.Invoke(end);
    }

    // Programs open a disk several times before they boot it: one boot is told of for each disk, the last, or the one before where the last had nothing to do.
    private void ForgetTheLesser(BootFetch boot, BootProgress end)
    {
        List<BootFetch> before = _boots.FindAll(other => other != boot && other.Booted.Disk == boot.Booted.Disk && !other.IsFetching);
        bool hadNothingToDo = end is { State: BootState.Done, Fetched: 0 } && before.Exists(other => other.Progress.State == BootState.Done);
        if (hadNothingToDo) Forget(boot);
        else before.ForEach(Forget);
    }

    private void Forget(BootFetch boot)
    {
        boot.Booted.Disk.Unwatch(boot.Touches);
        _boots.Remove(boot);
    }
}
