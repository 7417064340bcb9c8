using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using OsCircular.Blocks;
using OsCircular.Sources;

namespace OsCircular.Disks;

/// <summary>Opens disks, and owns what they share: memory, index pages, workers, fetches under way.</summary>
public sealed class DiskService : IAsyncDisposable
{
    /// <summary>How long workers may take to end: longer than any disk that works.</summary>
    private static readonly TimeSpan StopLimit = TimeSpan.FromSeconds(10);

    /// <summary>How often loads are looked for that hang in the local disk.</summary>
    private static readonly TimeSpan RescueInterval = TimeSpan.FromSeconds(1);

    private readonly CancellationTokenSource _stopping = new();
    private readonly DecodedMemory _memory;
    private readonly BlockLoader _loader;
    private readonly OwnedTasks _owned;
    private readonly IndexPages _pages;
    private readonly ReadPath _path;
    private readonly Task[] _workers;
    private readonly ConcurrentDictionary<Task, byte> _standIns = [];
    private readonly ITimer _rescue;
    private readonly TimeSpan _hangLimit;
    private readonly ILocalBlocks _local;
    private readonly int _readAheadBlocks;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private bool _disposed;

    /// <param name="options">Valid options.</param>
    /// <param name="local">This host's own disk.</param>
    /// <param name="upstream">The rest of the chain: all that may be asked for a block that is not in memory and not on this host's disk.</param>
    /// <param name="documents">Where index pages come from.</param>
    /// <param name="time">The clock of all limits.</param>
    /// <param name="logger">The log.</param>
    public DiskService(
        DiskOptions options, ILocalBlocks local, IBlockSource upstream, IDocumentSource documents, TimeProvider time, ILogger<DiskService> logger)
    {
        _local = local;
        _readAheadBlocks = options.ReadAheadBlocks;
        _time = time;
        _logger = logger;
        _owned = new OwnedTasks(logger);
        _memory = new DecodedMemory(options, time);
        _loader = new BlockLoader(_memory, local, upstream, _owned, logger);
        _pages = new IndexPages(documents, _owned, time, logger, _stopping.Token);
        _path = new ReadPath(_memory, _loader, _owned, _stopping.Token);
        _workers = [.. Enumerable.Range(0, options.Workers).Select(number => StartWorker($"disk worker {number}", isStandIn: false))];
        _hangLimit = options.HangLimit;
        _rescue = time.CreateTimer(_ => Rescue(), null, RescueInterval, RescueInterval);
    }

    /// <summary>What the read path has done so far.</summary>
    public DiskStatus Status => _memory.Snapshot();

    /// <summary>Opens a version. Reads nothing: index pages come with the first reads, whatever the disk's size.</summary>
    /// <param name="geometry">From the manifest.</param>
    /// <param name="root">Digest of the index's root page; null where the whole disk is zeros.</param>
    public Disk Open(BlockGeometry geometry, Digest? root)
    {
        var index = new DiskIndex(geometry, root, _pages);
        return new Disk(geometry, root, index, new ReadAhead(geometry, index, _memory, _local, _readAheadBlocks), _path);
    }

    /// <summary>Completes waiting reads as cancelled, and awaits workers and fetches.</summary>
    public async ValueTask DisposeAsync()
    {
        if (_disposed) return;
        _disposed = true;
        await _stopping.CancelAsync().ConfigureAwait(false);
        await _rescue.DisposeAsync().ConfigureAwait(false);
        _memory.Stop();
        try
        {
            await Task.WhenAll([.. _workers, .. _standIns.Keys]).WaitAsync(StopLimit, _time).ConfigureAwait(false);
            await _owned.WhenAllAsync().ConfigureAwait(false);
            _loader.DisposeMappers();
        }
        catch (TimeoutException)
        {
            Log.WorkersHung(_logger, _workers.Count(worker => !worker.IsCompleted), StopLimit.TotalSeconds);
        }

        _memory.Dispose();
        _stopping.Dispose();
    }

    // For each thread that is lost to the disk another works meanwhile: at most as many as there are workers. They never enter the disk themselves.
    private void Rescue()
    {
        int lost = _memory.Rescue(_hangLimit);
        for (int i = _standIns.Count; lost > 0 && i < _workers.Length; i++, lost--)
        {
            Task standIn = StartWorker("disk stand-in", isStandIn: true);
            _standIns.TryAdd(standIn, 0);
            _ = standIn.ContinueWith(ended => _standIns.TryRemove(ended, out byte _), TaskScheduler.Default);
        }
    }

    private Task StartWorker(string name, bool isStandIn)
    {
        var ended = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        new Thread(() =>
        {
            try
            {
                _loader.Work(isStandIn);
                ended.SetResult();
            }
            catch (Exception exception)
            {
                Log.TaskFailed(_logger, exception);
                ended.SetResult();
            }
        })
        { IsBackground = true, Name = name }.Start();
        return ended.Task;
    }
}
