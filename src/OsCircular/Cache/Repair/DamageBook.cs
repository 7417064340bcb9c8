using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using OsCircular.Blocks;
using OsCircular.Sources;

namespace OsCircular.Cache.Repair;

/// <summary>
/// What was found damaged in this cache: counted, told, blamed on the disk, and remembered until it is stored anew. Whoever finds damage need not be who heals
/// it: a reader thread or the scrub finds, a fetch heals. Thread-safe.
/// </summary>
internal sealed class DamageBook(DamagedFolder folder, DiskBlame blame, CacheCounters counters, string cache, ILogger logger)
{
    // 3 MiB of names; a disk that damages more is past counting.
    private const int MaxWanting = 65_536;

    private readonly ConcurrentDictionary<BlockName, byte> _blocks = [];
    private readonly ConcurrentDictionary<DocumentName, byte> _documents = [];

    public DamagedFolder Folder => folder;

    public int LastHour => blame.LastHour;

    /// <summary>Damaged ones that are not stored anew yet.</summary>
    public int Wanting => _blocks.Count + _documents.Count;

    public IReadOnlyList<BlockName> WantingBlocks => [.. _blocks.Keys];

    public IReadOnlyList<DocumentName> WantingDocuments => [.. _documents.Keys];

    /// <summary>A block file was found damaged. To be called while its slot is held: else another heals it before it is noted, and it stays noted for ever.</summary>
    /// <returns>Whether to tell of it: one that cannot be set aside is found again and again.</returns>
    public bool Note(BlockName name) => _blocks.Count >= MaxWanting || _blocks.TryAdd(name, 0);

    /// <inheritdoc cref="Note(BlockName)"/>
    public bool Note(DocumentName name) => _documents.Count >= MaxWanting || _documents.TryAdd(name, 0);

    /// <summary>It was stored anew, to be called while its slot is held; or is found good; or nothing on offer needs it any more.</summary>
    /// <returns>Whether it was noted.</returns>
    public bool Forget(BlockName name) => _blocks.TryRemove(name, out _);

    /// <inheritdoc cref="Forget(BlockName)"/>
    public bool Forget(DocumentName name) => _documents.TryRemove(name, out _);

    /// <summary>Counts a damaged file and says so; the disk is to blame.</summary>
    /// <param name="path">In the repository's tree.</param>
    /// <param name="fault">To follow the path.</param>
    public void TellDamaged(string path, string fault)
    {
        counters.Add(CacheCounter.Damaged);
        DiskBlame.Verdict verdict = blame.Note();
        if (verdict.TellThis) CacheLog.FileDamaged(logger, path, cache, fault);
        if (verdict.Warn) CacheLog.DiskDamages(logger, cache, verdict.LastHour);
    }

    /// <summary>Counts a damaged file that was stored anew.</summary>
    /// <param name="path">In the repository's tree.</param>
    /// <param name="from">Who yielded it.</param>
    public void TellHealed(string path, string from)
    {
        counters.Add(CacheCounter.Healed);
        CacheLog.Healed(logger, path, from);
    }
}
