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

    /// <summary>A block file was found damaged. One that could not be set aside is found again and again, and told of once.</summary>
    public void Found(BlockName name, string fault)
    {
        if (_blocks.Count >= MaxWanting || _blocks.TryAdd(name, 0)) Tell(RepositoryPaths.Block(name), fault);
    }

    /// <inheritdoc cref="Found(BlockName, string)"/>
    public void Found(DocumentName name, string fault)
    {
        if (_documents.Count >= MaxWanting || _documents.TryAdd(name, 0)) Tell(name.Path, fault);
    }

    /// <summary>A block was stored.</summary>
    public void Stored(BlockName name, SourceKind from)
    {
        if (!_blocks.TryRemove(name, out _)) return;
        counters.Add(CacheCounter.Healed);
        CacheLog.Healed(logger, RepositoryPaths.Block(name), $"from: {from}");
    }

    /// <summary>A document was stored.</summary>
    public void Stored(DocumentName name)
    {
        if (!_documents.TryRemove(name, out _)) return;
        counters.Add(CacheCounter.Healed);
        CacheLog.Healed(logger, name.Path, "its digest is right");
    }

    /// <summary>Nothing on offer needs it any more.</summary>
    public void GiveUp(BlockName name) => _blocks.TryRemove(name, out _);

    private void Tell(string path, string fault)
    {
        counters.Add(CacheCounter.Damaged);
        DiskBlame.Verdict verdict = blame.Note();
        if (verdict.TellThis) CacheLog.FileDamaged(logger, path, cache, fault);
        if (verdict.Warn) CacheLog.DiskDamages(logger, cache, verdict.LastHour);
    }
}
