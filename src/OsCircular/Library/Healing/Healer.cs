using Microsoft.Extensions.Logging;
using OsCircular.Blocks;
using OsCircular.Cache;
using OsCircular.Indexes;
using OsCircular.Sources;

namespace OsCircular.Library.Healing;

/// <summary>
/// Fetches again what was found damaged in the cache and nobody has read since, the scrub's finds above all: behind everybody who reads, from whichever source
/// yields it. What cannot be had now is tried again later, and later still. One at a time. Thread-safe.
/// </summary>
public sealed class Healer : IAsyncDisposable
{
    /// <summary>Between two looks at what is damaged. A reader who finds damage heals it in the same read, and is given the time to.</summary>
    public static readonly TimeSpan Interval = TimeSpan.FromSeconds(30);

    public static readonly TimeSpan LongestInterval = TimeSpan.FromMinutes(30);

    /// <summary>Nobody waits for it, so on a busy line a block may take long.</summary>
    private static readonly TimeSpan BlockLimit = TimeSpan.FromMinutes(5);

    /// <summary>Levels of the tallest index, and one more: each healed page may show the next damaged.</summary>
    private const int MaxLooks = 8;

    private readonly BlockCache _cache;
    private readonly IBlockSource _blocks;
    private readonly IDocumentSource _documents;
    private readonly Func<Manifest?> _manifest;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly SemaphoreSlim _turn = new(1);
    private readonly CancellationTokenSource _ending = new();
    private readonly Task _running;

    /// <param name="cache">Whose damage.</param>
    /// <param name="blocks">The chain that readers use too, the cache at its head: what it fetches, it keeps.</param>
    /// <param name="documents">The same for documents.</param>
    /// <param name="manifest">What is on offer now; null before a head was adopted.</param>
    /// <param name="time">Of every wait.</param>
    /// <param name="logger">For events 440 to 449.</param>
    public Healer(BlockCache cache, IBlockSource blocks, IDocumentSource documents, Func<Manifest?> manifest, TimeProvider time, ILogger<Healer> logger)
    {
        _cache = cache;
        _blocks = blocks;
        _documents = documents;
        _manifest = manifest;
        _time = time;
        _logger = logger;
        _running = RunAsync();
    }

    /// <summary>Tries to heal all that is damaged now.</summary>
    /// <returns>Files that still are.</returns>
    public async Task<int> HealAsync(CancellationToken cancellationToken)
    {
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, _ending.Token);
        await _turn.WaitAsync(ending.Token).ConfigureAwait(false);
        try
        {
            await HealBlocksAsync(await FindAsync(ending.Token).ConfigureAwait(false), ending.Token).ConfigureAwait(false);
            return _cache.DamagedBlocks.Count + _cache.DamagedDocuments.Count;
        }
        finally
        {
            _turn.Release();
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _ending.CancelAsync().ConfigureAwait(false);
        await _running.ConfigureAwait(false);
        _ending.Dispose();
        _turn.Dispose();
    }

    private async Task RunAsync()
    {
        TimeSpan pause = Interval;
        while (!_ending.IsCancellationRequested)
        {
            await Task.Delay(pause, _time, _ending.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            try
            {
                int damaged = _cache.DamagedBlocks.Count + _cache.DamagedDocuments.Count;
                int left = damaged == 0 ? 0 : await HealAsync(_ending.Token).ConfigureAwait(false);
                if (left < damaged) HealerLog.Healed(_logger, damaged - left, left);
                pause = left == 0 || left < damaged ? Interval : pause * 2 < LongestInterval ? pause * 2 : LongestInterval;
            }
            catch (OperationCanceledException) when (_ending.IsCancellationRequested)
            {
            }
            catch (Exception failure)
            {
                HealerLog.Failed(_logger, failure);
                pause = LongestInterval;
            }
        }
    }

    // Looking for the rows reads pages, and may find some of them damaged: these are healed, and it looks again.
    private async Task<List<BlockRow>> FindAsync(CancellationToken cancellationToken)
    {
        List<BlockRow> rows = [];
        for (int look = 0; look < MaxLooks; look++)
        {
            await HealDocumentsAsync(cancellationToken).ConfigureAwait(false);
            IReadOnlyList<BlockName> damaged = _cache.DamagedBlocks;
            if (damaged.Count == 0 || _manifest() is not { } manifest) return [];
            rows = await DamagedRows.FindAsync(damaged, manifest, _cache.Documents, _time, cancellationToken).ConfigureAwait(false);
            if (_cache.DamagedDocuments.Count > 0) continue;

            // Every page that is held was looked at: nobody can read these.
            foreach (BlockName name in damaged.Except(rows.Select(row => row.Name))) _cache.ForgetDamage(name);
            break;
        }

        return rows;
    }

    private async Task HealDocumentsAsync(CancellationToken cancellationToken)
    {
        foreach (DocumentName name in _cache.DamagedDocuments)
        {
            _ = await _documents.FetchAsync(name, Deadline.In(BlockLimit, _time), cancellationToken).ConfigureAwait(false);

            // Put back by another's hand.
            if (_cache.Documents.TryRead(name).Succeeded) _cache.ForgetDamage(name);
        }
    }

    private async Task HealBlocksAsync(List<BlockRow> rows, CancellationToken cancellationToken)
    {
        foreach (BlockRow row in rows)
        {
            byte[] buffer = BlockBuffers.Shared.Rent(row.StoredLength);
            BlockRequest request = new(row.Name, row.StoredLength, FetchClass.Fill, Deadline.In(BlockLimit, _time));
            _ = await _blocks.FetchAsync(request, buffer, cancellationToken).ConfigureAwait(false);
            BlockBuffers.Shared.Return(buffer);
            cancellationToken.ThrowIfCancellationRequested();
            if (_cache.Blocks.Check(row.Name)) _cache.ForgetDamage(row.Name);
        }
    }
}
