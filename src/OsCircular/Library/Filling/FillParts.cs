using OsCircular.Cache;
using OsCircular.Indexes;
using OsCircular.Sources;
using OsCircular.Sources.Rates;

namespace OsCircular.Library.Filling;

/// <summary>What a fill works with; all of it outlives the <see cref="Filler"/>.</summary>
public sealed record FillParts
{
    /// <summary>The cache to fill.</summary>
    public required BlockCache Cache { get; init; }

    /// <summary>The chain that readers use too, the cache at its head: what it fetches, it keeps.</summary>
    public required IBlockSource Blocks { get; init; }

    /// <summary>The index pages; what is fetched is kept here too.</summary>
    public required IDocumentSource Documents { get; init; }

    /// <summary>What is on offer now; null before a head was adopted.</summary>
    public required Func<Manifest?> Manifest { get; init; }

    /// <summary>Of so many blocks (at least 1), the one at which this host begins, from 0: another one on each host, so that hosts that fill at one time have something to exchange.</summary>
    public required Func<long, long> Start { get; init; }

    /// <summary>On what filling fetches; null: no cap.</summary>
    public RateCap? Cap { get; init; }

    public required TimeProvider Time { get; init; }

    /// <summary>Jitter of pauses; used by the filler's one task alone.</summary>
    public required Random Random { get; init; }
}
