using Microsoft.Extensions.Logging;
using OsCircular.Blocks;
using OsCircular.Sources;

namespace OsCircular.Cache;

/// <summary>
/// The cache's one background task: learns what is held, from the catalogue or the folders, opens the room, and from then on writes the catalogue
/// every so often and at the end.
/// </summary>
internal sealed class CacheUpkeep(
    CacheDirectory directory, Catalog catalog, BlockInventory inventory, HeldNames names, CacheRoom room, CacheHealth health,
    CacheCounters counters, CacheOptions options, TimeProvider time, ILogger logger)
{
    private const int BlocksWorthCollecting = 50_000;

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
            while (true)
            {
                // The first at once: what a rebuild found is written while nobody waits for the agent to end.
                Write(BlockInventory.PageChange.Blocks, clean: false);
                await Task.Delay(options.CatalogInterval, time, stop).ConfigureAwait(false);
            }
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            // What was only half learnt is not written: the old catalogue still says more.
            if (Loaded.IsCompleted) Write(BlockInventory.PageChange.Uses, clean: true);
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
        while (!TryLook(trust, stop)) await Task.Delay(options.RetryInterval, time, stop).ConfigureAwait(false);
        while (room.Trim()) stop.ThrowIfCancellationRequested();
        room.Open();
        State = CatalogState.Ready;
        CacheLog.Loaded(logger, inventory.Totals.Blocks, trust, time.GetElapsedTime(started));
    }

    // Loading a big catalogue leaves as much garbage as it fills tables (60 MiB at a million blocks), and an idle agent would keep it for ever.
    private void GiveBackGarbage()
    {
        if (inventory.Totals.Blocks >= BlocksWorthCollecting) GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
    }

    private bool TryLook(CatalogTrust trust, CancellationToken stop)
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
    }
}
