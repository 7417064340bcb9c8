using Microsoft.Extensions.Logging;
using OsCircular.Blocks;
using OsCircular.Sources;

namespace OsCircular.Cache;

/// <summary>
/// The cache's one background task: learns what is held, from the catalogue or the folders, opens the room, and from then on writes the catalogue
/// every so often and at the end. Meanwhile it looks after the folder; where that went and came back, what is held is learnt anew.
/// </summary>
internal sealed class CacheUpkeep(
    CacheDirectory directory, Catalog catalog, BlockInventory inventory, HeldNames names, CacheRoom room, CacheHealth health, CacheWatch watch,
    CacheCounters counters, CacheOptions options, TimeProvider time, ILogger logger)
{
    private const int BlocksWorthCollecting = 50_000;

    private long _written;

    private readonly TaskCompletionSource _loaded = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Done when room is given out, or when the task ends before; never fails.</summary>
    public Task Loaded => _loaded.Task;

    public CatalogState State { get; private set; } = CatalogState.Loading;

    public async Task RunAsync(CancellationToken stop)
    {
        try
        {
            await LoadAsync(stop).ConfigureAwait(false);
            _loaded.TrySetResult();
            GiveBackGarbage();

            // The first at once: what a rebuild found is written while nobody waits for the agent to end.
            Write(BlockInventory.PageChange.Blocks, clean: false);
            while (true)
            {
                await Task.Delay(options.WatchInterval, time, stop).ConfigureAwait(false);
                await TickAsync(stop).ConfigureAwait(false);
            }
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            // What was only half learnt is not written: the old catalogue still says more.
            if (State is (CatalogState.Ready or CatalogState.Failing) && !watch.IsGone) Write(BlockInventory.PageChange.Uses, clean: true);
        }
        finally
        {
            _loaded.TrySetResult();
        }
    }

    private async Task LoadAsync(CancellationToken stop)
    {
        long started = time.GetTimestamp();
        CatalogTrust trust = catalog.Load(
            header =>
            {
                inventory.ProofKey = header.ProofKey;
                counters.Restore(header.Counters);
            },
            inventory.RestorePage,
            stop);
        stop.ThrowIfCancellationRequested();
        inventory.FinishRestore(trust == CatalogTrust.Whole);
        catalog.BeginChanges();
        await LearnAsync(trust, stop).ConfigureAwait(false);
        CacheLog.Loaded(logger, inventory.Totals.Blocks, trust, time.GetElapsedTime(started));
    }

    // Whatever should not happen here must not end the only task that notices a disk's return.
    private async Task TickAsync(CancellationToken stop)
    {
        try
        {
            if (watch.Look()) await ReturnAsync(stop).ConfigureAwait(false);
            if (!watch.IsGone && time.GetElapsedTime(_written) >= options.CatalogInterval) Write(BlockInventory.PageChange.Blocks, clean: false);
        }
        catch (Exception failure) when (failure is not OperationCanceledException)
        {
            CacheLog.UpkeepFailed(logger, failure);
        }
    }

    private async Task ReturnAsync(CancellationToken stop)
    {
        room.Close();
        inventory.DoubtAll();
        catalog.Disown();
        health.Back();
        await LearnAsync(CatalogTrust.None, stop).ConfigureAwait(false);
        CacheLog.FolderBack(logger, inventory.Totals.Blocks);
        Write(BlockInventory.PageChange.Blocks, clean: false);
    }

    private async Task LearnAsync(CatalogTrust trust, CancellationToken stop)
    {
        while (!TryLearn(trust, stop))
        {
            await Task.Delay(options.WatchInterval, time, stop).ConfigureAwait(false);

            // Gone, and perhaps back as another: then nothing of the catalogue holds.
            bool isBack = watch.Look();
            if (isBack) health.Back();
            if (!isBack && !watch.IsGone) continue;
            inventory.DoubtAll();
            trust = CatalogTrust.None;
        }

        while (room.Trim()) stop.ThrowIfCancellationRequested();
        room.Open();
        State = CatalogState.Ready;
    }

    // Loading a big catalogue leaves as much garbage as it fills tables (60 MiB at a million blocks), and an idle agent would keep it for ever.
    private void GiveBackGarbage()
    {
        if (inventory.Totals.Blocks >= BlocksWorthCollecting) GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
    }

    private bool TryLearn(CatalogTrust trust, CancellationToken stop)
    {
        try
        {
            if (trust != CatalogTrust.Whole) Rebuild(stop);
            List<(DocumentName? Name, long Length)> documents = [.. CacheScan.Documents(directory)];
            inventory.DocumentsFound(documents.Sum(document => document.Length));
            names.DocumentsFound(documents.Select(document => document.Name).OfType<DocumentName>());
            return true;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            health.DiskFailed(e);
            return false;
        }
    }

    private void Rebuild(CancellationToken stop)
    {
        State = CatalogState.Rebuilding;
        foreach ((BlockName name, long length) in CacheScan.Blocks(directory.BlocksPath))
        {
            stop.ThrowIfCancellationRequested();
            inventory.Seen(name, (int)Math.Min(length, int.MaxValue));
        }

        inventory.RemoveUnseen();
    }

    private void Write(BlockInventory.PageChange least, bool clean)
    {
        bool all = catalog.NeedsAll();
        List<int> changed = inventory.TakeChangedPages(all ? BlockInventory.PageChange.None : least);
        if (changed.Count == 0 && !clean) return;
        CatalogHeader header = new(inventory.PageCount, inventory.ProofKey, counters.ToArray());
        bool written = catalog.Write(header, changed.Select(page => (page, inventory.PackPage(page))), all, clean);
        State = written ? CatalogState.Ready : CatalogState.Failing;
        _written = time.GetTimestamp();

        // The catalogue is synced, unlike blocks: so it is the first to hear of a disk that takes all and keeps nothing.
        if (!written && !watch.IsGone) watch.Probe();
    }
}
