using OsCircular.Peers.Homes;
using OsCircular.Peers.Membership;
using OsCircular.Sources;
using OsCircular.Sources.Transfers;
using Polly;

namespace OsCircular.Peers;

/// <summary>
/// What a home asks before it asks a mirror: those who hold it, and, while the group's opinion of who is home may differ, the other one who may have been taken
/// for it. Asks nobody to fetch, so no two homes ever wait for each other.
/// </summary>
internal sealed class HolderSource : IBlockSource, IDocumentSource
{
    /// <summary>So long after a change members may not agree: what one hears at once, another hears at its next look.</summary>
    public static readonly TimeSpan Unsettled = TimeSpan.FromSeconds(15);

    private readonly PeerSet _peers;
    private readonly ResiliencePipeline<HolderStep> _holders;
    private long _blocks;

    public HolderSource(PeerSet peers, ResiliencePipeline<HolderStep> holders)
    {
        _peers = peers;
        _holders = holders;
    }

    /// <inheritdoc/>
    public async ValueTask<Fetched> FetchAsync(BlockRequest request, Memory<byte> destination, CancellationToken cancellationToken)
    {
        if (_peers.Members.All.Length == 0) return SourceError.Missing;
        var block = new WantedBlock(request, destination, _peers.Time);
        Fetched fetched = block.Finish(await SearchAsync(block, HeldKey.Of(request.Name), request, request.Deadline, cancellationToken).ConfigureAwait(false));
        if (fetched.Succeeded) Interlocked.Increment(ref _blocks);
        return fetched;
    }

    /// <inheritdoc/>
    public async ValueTask<FetchedDocument> FetchAsync(DocumentName name, Deadline deadline, CancellationToken cancellationToken)
    {
        if (_peers.Members.All.Length == 0) return SourceError.Missing;
        var document = new WantedDocument(name, _peers.Time);
        return document.Finish(await SearchAsync(document, HeldKey.Of(name), null, deadline, cancellationToken).ConfigureAwait(false));
    }

    /// <summary>Blocks that came from peers.</summary>
    public long Blocks => Interlocked.Read(ref _blocks);

    public override string ToString() => "holders";

    private async ValueTask<SourceError> SearchAsync(WantedFile file, ulong key, BlockRequest? request, Deadline deadline, CancellationToken cancellationToken)
    {
        if (cancellationToken.IsCancellationRequested) return SourceError.Cancelled;
        if (deadline.HasPassed) return SourceError.TimedOut;
        SourceError error = await HolderSweep.RunAsync(_holders, _peers, file, key, request, cancellationToken).ConfigureAwait(false);
        if (error is SourceError.None or SourceError.Cancelled) return error;

        // Documents are small: one fetched twice costs less than waiting.
        if (request is null || _peers.WasLeft(key) || OtherHome(key) is not { } other) return error;
        var call = new HomeCall(_peers, _holders, file, key, request, deadline);
        return await call.AskAsync(other, PeerHeaders.FetchJoin, working: null, cancellationToken).ConfigureAwait(false);
    }

    // Who was home before this host came, or is home in this host's own eyes though somebody took this host for it.
    private Member? OtherHome(ulong key)
    {
        PeerHello self = _peers.Hello();
        Member?[] homes = new Member?[HomeRanking.Depth];
        int ranked = HomeRanking.Rank(_peers.Members.All, self, key, homes);
        if (ranked > 0 && homes[0] is { } first) return first;
        return ranked > 1 && _peers.Members.SinceChange < Unsettled ? homes[1] : null;
    }
}
