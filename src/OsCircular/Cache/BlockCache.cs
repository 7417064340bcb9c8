using Microsoft.Extensions.Logging;
using OsCircular.Blocks;
using OsCircular.Cache.Eviction;
using OsCircular.Cache.Repair;
using OsCircular.Sources;

namespace OsCircular.Cache;

/// <summary>
/// The agent's cache, put together: the folder with its lock, the blocks, the documents, the task that loads and writes the catalogue, and the one that scrubs.
/// Usable as soon as it is opened; nothing new is kept until the background load is done, and where there are pins nothing is evicted until
/// <see cref="BlockStore.Pin"/> has said which blocks they need. Disposing ends the tasks and gives up the lock.
/// </summary>
public sealed class BlockCache : IAsyncDisposable
{
    /// <summary>How long the catalogue may take to be written at the end: a disk that hangs is not waited for.</summary>
    private static readonly TimeSpan EndLimit = TimeSpan.FromSeconds(10);

    /// <summary>Two of each kind keep a disk busy, for a block file is read or written in one go from or to the kernel's memory.</summary>
    private const int ThreadsEach = 2;

    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly BlockFiles _files;
    private readonly BlockInventory _inventory;
    private readonly HeldNames _names;
    private readonly CacheHealth _health;
    private readonly CacheRoom _room;
    private readonly DamageBook _damage;
    private readonly HangWatch _hangs;
    private readonly DiskThreads _readers;
    private readonly DiskThreads _writers;
    private readonly CancellationTokenSource _stop = new();
    private readonly CacheUpkeep _upkeep;
    private readonly Scrub _scrub;
    private readonly Task _upkeepTask;
    private readonly Task _scrubTask;
    private int _disposed;

    private BlockCache(CacheDirectory directory, CacheOptions options, Func<BlockName, bool> isPinned, TimeProvider time, ILogger logger)
    {
        Directory = directory;
        _time = time;
        _logger = logger;
        _health = new(time, options.RetryInterval, directory.Path, logger);
        _hangs = new HangWatch(_health, options.HangLimit, time);
        _files = new BlockFiles(directory.BlocksPath, directory.TemporaryPath, _hangs);
        _readers = new DiskThreads("cache reader", ThreadsEach, options.HangLimit, time);
        _writers = new DiskThreads("cache writer", ThreadsEach, options.HangLimit, time);
        (long size, _) = _files.Space;
        HeldJournal journal = new();
        _inventory = new(new S3Fifo(), options.QuotaOn(size), isPinned, time, journal);
        if (File.Exists(Path.Combine(directory.AgentPath, CacheDirectory.PinsFile))) _inventory.AwaitPins();
        _names = new(journal, _inventory);
        BlockSlots slots = new();
        _room = new(_inventory, _files, slots, _health, Counters, options.FloorOn(size));
        _damage = new(new DamagedFolder(directory, _inventory, time), new DiskBlame(time), Counters, directory.Path, logger);
        Blocks = new BlockStore(_files, _inventory, slots, _room, _health, Counters, _damage, _readers, _writers);
        Documents = new DocumentStore(directory, _inventory, _names, _room, _health, _damage, _hangs, _readers, _writers);
        CacheWatch watch = new(directory, _files, _health, options.RetryInterval, time, logger);
        _upkeep = new CacheUpkeep(directory, new Catalog(directory, logger), _inventory, _names, _room, _health, watch, Counters, options, time, logger);
        _scrub = new Scrub(directory, Blocks, Documents, Counters, options, time, logger);
        _hangs.Start(_readers, directory.IsThere);
        _upkeepTask = Task.Run(() => _upkeep.RunAsync(_stop.Token));
        _scrubTask = Task.Run(() => _scrub.RunAsync(Loaded, _stop.Token));
    }

    public CacheDirectory Directory { get; }
    public BlockStore Blocks { get; }
    public DocumentStore Documents { get; }
    public CacheCounters Counters { get; } = new();

    /// <summary>The names of all that is held, for others to know; complete when <see cref="Loaded"/>.</summary>
    public IHeldNames Names => _names;

    /// <summary>Done when what is held is known and new blocks are kept, or when the cache is closed before; never fails. Serving does not wait for it.</summary>
    public Task Loaded => _upkeep.Loaded;

    /// <summary>Blocks that were found damaged, set aside, and not stored anew since; whoever reads one fetches it.</summary>
    public IReadOnlyList<BlockName> DamagedBlocks => _damage.WantingBlocks;

    /// <inheritdoc cref="DamagedBlocks"/>
    public IReadOnlyList<DocumentName> DamagedDocuments => _damage.WantingDocuments;

    /// <summary>Says that a damaged block is good again, or that nothing on offer needs it any more.</summary>
    public void ForgetDamage(BlockName name) => _damage.Forget(name);

    /// <summary>The same of a document.</summary>
    public void ForgetDamage(DocumentName name) => _damage.Forget(name);

    internal (int Blocks, long BlockBytes, long DocumentBytes, long Reserved) Totals => _inventory.Totals;

    /// <summary>Free bytes of its file system, those of the free-space floor among them; below zero where it cannot be asked.</summary>
    internal long FreeSpace => _files.Space.Free;

    /// <summary>Bytes that blocks may take on the disk, whatever the quota: what they take now, and what is free above the floor. All there are where the disk does not tell.</summary>
    internal long RoomOnDisk => FreeSpace is >= 0 and var free ? _inventory.Totals.BlockBytes + free - _room.Floor : long.MaxValue;

    /// <summary>
    /// Sees all that was stored so far onto the disk: block files are else not waited for, since they can be fetched again, which what was carried here perhaps cannot.
    /// </summary>
    /// <returns>False where the disk fails.</returns>
    internal Task<bool> SyncAsync(CancellationToken cancellationToken) => Task.Run(_files.Sync, cancellationToken).WaitAsync(cancellationToken);

    /// <summary>The cache as it stands now.</summary>
    public CacheStatus Status
    {
        get
        {
            (int blocks, long blockBytes, long documentBytes, long reserved) = Totals;
            return new CacheStatus
            {
                Directory = Directory.Path,
                Quota = _inventory.Quota,
                FreeSpaceFloor = _room.Floor,
                Blocks = blocks,
                BlockBytes = blockBytes,
                DocumentBytes = documentBytes,
                ReservedBytes = reserved,
                State = _health.State,
                StateSince = _health.Since,
                Catalog = _upkeep.State,
                DamagedLastHour = _damage.LastHour,
                DamagedWanting = _damage.Wanting,
                KeptAside = _damage.Folder.Totals,
                Scrub = _scrub.Status,
                Counters = Enum.GetValues<CacheCounter>().ToDictionary(counter => counter, counter => Counters[counter]),
                HitBytesSinceStart = Counters.SinceStart(CacheCounter.HitBytes),
            };
        }
    }

    /// <summary>Opens a cache and starts its background load.</summary>
    /// <param name="path">The folder; made if absent.</param>
    /// <param name="options">Valid ones.</param>
    /// <param name="isPinned">Asked when a block comes in or is found at start, from any thread; quick.</param>
    /// <param name="time">The clock.</param>
    /// <param name="logger">For events 200 to 299.</param>
    /// <exception cref="UserError">Another process holds the cache, or its folder cannot be used.</exception>
    public static BlockCache Open(string path, CacheOptions options, Func<BlockName, bool> isPinned, TimeProvider time, ILogger logger)
    {
        CacheDirectory directory = CacheDirectory.Open(path);
        try
        {
            return new BlockCache(directory, options, isPinned, time, logger);
        }
        catch (IOException e)
        {
            directory.Dispose();
            throw new UserError($"cannot use {path} as a cache: {e.Message}; check the disk and the folder's owner", e);
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _disposed, 1) != 0) return;
        await _stop.CancelAsync().ConfigureAwait(false);
        try
        {
            await Task.WhenAll(_upkeepTask, _scrubTask).WaitAsync(EndLimit, _time).ConfigureAwait(false);
            _stop.Dispose();
        }
        catch (TimeoutException)
        {
            CacheLog.UpkeepHangs(_logger, EndLimit);
        }

        _readers.Dispose();
        _writers.Dispose();
        _hangs.Dispose();
        _files.Dispose();
        Directory.Dispose();
    }
}
