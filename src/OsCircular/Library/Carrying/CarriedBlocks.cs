using OsCircular.Blocks;
using OsCircular.Cache;
using OsCircular.Indexes;
using OsCircular.Library.Filling;
using OsCircular.Sources;

namespace OsCircular.Library.Carrying;

/// <summary>
/// The blocks that an import is about, as the index pages in the cache tell: some forty bytes of memory for each. Those that are held are not evicted until this is
/// disposed: else in a small cache the last ones to come would push the first ones out. Used by one task.
/// </summary>
internal sealed class CarriedBlocks(BlockCache cache, TimeProvider time) : IDisposable
{
    private static readonly TimeSpan PageLimit = TimeSpan.FromMinutes(1);

    private readonly HashSet<BlockName> _all = [];
    private readonly HashSet<BlockName> _missing = [];

    /// <summary>Bytes of all of them, held or not.</summary>
    public long Bytes { get; private set; }

    /// <summary>Whether a page could not be had, so that blocks are not known.</summary>
    public bool IsUnsure { get; private set; }

    /// <summary>Bytes of held blocks that are none of them and stay, for they are pinned or being filled.</summary>
    public long StayingBeside => cache.Blocks.StayingBytes(_all);

    /// <summary>Of those that are known: which are not held.</summary>
    public bool IsMissing(BlockName name) => _missing.Contains(name);

    public bool Knows(BlockName name) => _all.Contains(name);

    /// <summary>Looks through one more version.</summary>
    public async Task AddAsync(ManifestVersion version, CancellationToken cancellationToken)
    {
        IsUnsure |= !await WalkAsync(
            version,
            row =>
            {
                if (!_all.Add(row.Name)) return;
                Bytes += row.StoredLength;

                // Whoever says "all held" must not believe a catalogue: no network will mend it.
                if (!cache.Blocks.IsThere(row.Name) || !Keep(row.Name, true)) _missing.Add(row.Name);
            },
            cancellationToken);
    }

    /// <summary>One of them is in the cache now.</summary>
    public void Came(BlockName name)
    {
        _all.Add(name);
        _missing.Remove(name);
        _ = Keep(name, true);
    }

    /// <summary>How a version stands now.</summary>
    public async Task<ImportedVersion> ReportAsync(VersionReference name, ManifestVersion version, CancellationToken cancellationToken)
    {
        (long blocks, long bytes) = (0, 0);
        HashSet<BlockName> counted = [];
        bool isWhole = _missing.Count == 0 && !IsUnsure;
        bool isIndexWhole = isWhole || await WalkAsync(
            version,
            row =>
            {
                // What came in by another way meanwhile is no loss.
                if (!_missing.Contains(row.Name) || cache.Blocks.MayHold(row.Name) || !counted.Add(row.Name)) return;
                (blocks, bytes) = (blocks + 1, bytes + row.StoredLength);
            },
            cancellationToken);
        return new ImportedVersion(name.Image.ToString(), version.Name.ToString(), version.StoredBytes, blocks, bytes, isIndexWhole);
    }

    public void Dispose()
    {
        foreach (BlockName name in _all) _ = Keep(name, false);
    }

    // As a fill does, and for as long. Whether it is held.
    private bool Keep(BlockName name, bool kept) => cache.Blocks.SetKept(name, kept);

    // Where a page is not there, on with the next leaf: what is known is as much as can be.
    private async Task<bool> WalkAsync(ManifestVersion version, Action<BlockRow> visit, CancellationToken cancellationToken)
    {
        bool isWhole = true;
        IndexWalk walk = new(version.Geometry, version.Index, cache.Documents);
        for (long at = 0; ;)
        {
            (SourceError error, at, BlockRow row) = await walk.FindAsync(at, Deadline.In(PageLimit, time), cancellationToken);
            cancellationToken.ThrowIfCancellationRequested();
            if (error != SourceError.None)
            {
                isWhole = false;
                at = (IndexShape.PageOf(at, level: 0) + 1) * IndexShape.EntriesPerPage;
                continue;
            }

            if (at >= version.Geometry.BlockCount) return isWhole;
            visit(row);
            at++;
        }
    }
}
