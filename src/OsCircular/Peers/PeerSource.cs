using OsCircular.Peers.Homes;
using OsCircular.Peers.Membership;
using OsCircular.Sources;
using OsCircular.Sources.Transfers;
using Polly;

namespace OsCircular.Peers;

/// <summary>
/// The group as a source: who holds it gives it; what nobody holds, its home fetches for all. Missing also where this host is the home itself, or is
/// alone: then it is for whoever comes after the peers to fetch.
/// </summary>
internal sealed class PeerSource : IBlockSource, IDocumentSource
{
    private readonly PeerSet _peers;
    private readonly ResiliencePipeline<HolderStep> _holders;
    private readonly Task _settled;
    private long _blocks;

    /// <param name="peers">Of this agent.</param>
    /// <param name="holders">Of <see cref="HolderSweep.Pipeline"/>.</param>
    /// <param name="settled">Completes soon after the start, whatever happens: what is asked before waits for it.</param>
    public PeerSource(PeerSet peers, ResiliencePipeline<HolderStep> holders, Task settled)
    {
        _peers = peers;
        _holders = holders;
        _settled = settled;
    }

    /// <inheritdoc/>
    public async ValueTask<Fetched> FetchAsync(BlockRequest request, Memory<byte> destination, CancellationToken cancellationToken)
    {
        if (!_settled.IsCompleted && !await SettleAsync(cancellationToken).ConfigureAwait(false)) return SourceError.Cancelled;
        if (_peers.Members.All.Length == 0) return SourceError.Missing;
        var block = new WantedBlock(request, destination, _peers.Time);
        Fetched fetched = block.Finish(await SearchAsync(block, HeldKey.Of(request.Name), request, request.Deadline, cancellationToken).ConfigureAwait(false));
        if (fetched.Succeeded) Interlocked.Increment(ref _blocks);
        return fetched;
    }

    /// <inheritdoc/>
    public async ValueTask<FetchedDocument> FetchAsync(DocumentName name, Deadline deadline, CancellationToken cancellationToken)
    {
        if (!_settled.IsCompleted && !await SettleAsync(cancellationToken).ConfigureAwait(false)) return SourceError.Cancelled;
        if (_peers.Members.All.Length == 0) return SourceError.Missing;
        var document = new WantedDocument(name, _peers.Time);
        return document.Finish(await SearchAsync(document, HeldKey.Of(name), null, deadline, cancellationToken).ConfigureAwait(false));
    }

    /// <summary>Blocks that came from peers.</summary>
    public long Blocks => Interlocked.Read(ref _blocks);

    public override string ToString() => "peers";

    private async ValueTask<SourceError> SearchAsync(WantedFile file, ulong key, BlockRequest? request, Deadline deadline, CancellationToken cancellationToken)
    {
        if (cancellationToken.IsCancellationRequested) return SourceError.Cancelled;
        if (deadline.HasPassed) return SourceError.TimedOut;
        _peers.NoteAsked();

        // What hangs or fails has its share of the time; what is on its way to a home has more.
        using var patience = new CancellationTokenSource(HomeTiming.SearchLimit(deadline, isWorking: false), deadline.Time);
        await using CancellationTokenRegistration asker = cancellationToken.UnsafeRegister(static source => ((CancellationTokenSource)source!).Cancel(), patience);
        void Working() => patience.CancelAfter(HomeTiming.SearchLimit(deadline, isWorking: true));
        SourceError error = await SearchAsync(file, key, request, deadline, Working, patience.Token).ConfigureAwait(false);
        return error == SourceError.Cancelled && !cancellationToken.IsCancellationRequested ? SourceError.TimedOut : error;
    }

    private async ValueTask<SourceError> SearchAsync(
        WantedFile file, ulong key, BlockRequest? request, Deadline deadline, Action working, CancellationToken cancellationToken)
    {
        // 1. Who holds it: a look in memory.
        SourceError error = await HolderSweep.RunAsync(_holders, _peers, file, key, request, cancellationToken).ConfigureAwait(false);
        if (error is SourceError.None or SourceError.Cancelled) return error;

        // 2. Its home, and where that fails the second-ranked.
        Member?[] homes = new Member?[HomeRanking.Depth];
        int ranked = HomeRanking.Rank(_peers.Members.All, _peers.Hello(), key, homes);
        for (int i = 0; i < ranked; i++)
        {
            if (homes[i] is not { } home) return SourceError.Missing;
            var call = new HomeCall(_peers, _holders, file, key, request, deadline);
            error = await call.AskAsync(home, PeerHeaders.FetchAsHome, working, cancellationToken).ConfigureAwait(false);
            if (error is SourceError.None or SourceError.Cancelled) return error;
        }

        return error;
    }

    private async ValueTask<bool> SettleAsync(CancellationToken cancellationToken)
    {
        await _settled.WaitAsync(cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        return !cancellationToken.IsCancellationRequested;
    }
}
