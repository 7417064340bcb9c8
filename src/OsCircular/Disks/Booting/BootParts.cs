using OsCircular.Blocks;
using OsCircular.Sources;

namespace OsCircular.Disks.Booting;

/// <summary>What fetching by profile works with; all of it outlives the <see cref="BootFetcher"/>.</summary>
public sealed record BootParts
{
    /// <summary>The chain that readers use too, the cache at its head: what it fetches, it keeps.</summary>
    public required IBlockSource Blocks { get; init; }

    /// <summary>Where profiles come from.</summary>
    public required IDocumentSource Documents { get; init; }

    /// <summary>Done when it is known what the cache holds, and it keeps new blocks.</summary>
    public required Task CacheLoaded { get; init; }

    /// <summary>Whether a block is held, once that is known; asks no disk.</summary>
    public required Func<BlockName, bool> IsHeld { get; init; }

    public required TimeProvider Time { get; init; }
}
