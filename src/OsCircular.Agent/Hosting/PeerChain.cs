using OsCircular.Cache;
using OsCircular.Peers;
using OsCircular.Peers.Homes;
using OsCircular.Sources;
using OsCircular.Sources.Rates;

namespace OsCircular.Agent.Hosting;

/// <summary>
/// The chain with peers in it. A block is looked for in the cache, then in the group, which has whoever holds it or its home; what is left is this host's own to
/// fetch, as the home that it is, or because no home could. Whoever asks this host as home comes in at that same place, so no block is fetched twice here.
/// </summary>
internal sealed class PeerChain : IAsyncDisposable
{
    private static readonly TimeSpan DocumentLimit = TimeSpan.FromSeconds(30);

    private readonly SingleFlightDocumentSource _homeDocuments;

    /// <param name="cache">This host's own disk.</param>
    /// <param name="line">The mirrors, readers first.</param>
    /// <param name="mirrors">The mirrors' documents.</param>
    /// <param name="peers">The group; told here what this host can do for it.</param>
    /// <param name="canFetch">Whether a mirror may answer.</param>
    /// <param name="time">Of every wait.</param>
    /// <param name="cap">On what comes from peers; null: no cap.</param>
    public PeerChain(BlockCache cache, PrioritySource line, IDocumentSource mirrors, PeerService peers, Func<bool> canFetch, TimeProvider time, RateCap? cap = null)
    {
        IBlockSource holders = cap is null ? peers.HolderBlocks : new ChargedSource(peers.HolderBlocks, cap);

        // As home: held here, held by another, else over the line. Never another home.
        // Until it is kept: what has come and is not yet held must not be fetched by another either.
        UnderWaySource underWay = new(new KeepingSource(cache.Blocks, line, SourceKind.Mirror));
        SingleFlightSource home = new(
            new CachedBlockSource(
                cache.Blocks,
                new FallbackSource(new KeepingSource(cache.Blocks, holders, SourceKind.Peer), underWay),
                countsMisses: false),
            time);
        _homeDocuments = new SingleFlightDocumentSource(
            new CachedDocumentSource(cache.Documents, new FallbackDocumentSource(Capped(peers.HolderDocuments), mirrors)), DocumentLimit, time);

        // As reader: held here, the group's, else this host's own to fetch.
        PrioritySource group = new(peers.Blocks, new PeerOptions().MaxInFlight, time, cap);
        Blocks = new SingleFlightSource(
            new CachedBlockSource(cache.Blocks, new FallbackSource(new KeepingSource(cache.Blocks, group, SourceKind.Peer), home, HomeTiming.WorkingShare, time)), time);
        Documents = new CachedDocumentSource(cache.Documents, new FallbackDocumentSource(Capped(peers.Documents), _homeDocuments, HomeTiming.WorkingShare, time));

        peers.Serve(new HomeParts
        {
            Blocks = home,
            Documents = _homeDocuments,
            IsUnderWay = underWay.IsUnderWay,
            Estimate = (fetchClass, length) => line.Estimate(fetchClass, length) ?? HomeTiming.UnknownEstimate,
            CanFetch = canFetch,
            Check = cache.Blocks.Check,
        });

        IDocumentSource Capped(IDocumentSource documents) => cap is null ? documents : new CappedDocumentSource(documents, cap, time);
    }

    public IBlockSource Blocks { get; }
    public IDocumentSource Documents { get; }

    public ValueTask DisposeAsync() => _homeDocuments.DisposeAsync();
}
