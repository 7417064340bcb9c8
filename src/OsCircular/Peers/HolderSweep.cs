using OsCircular.Peers.Choice;
using OsCircular.Peers.Client;
using OsCircular.Peers.Membership;
using OsCircular.Sources;
using OsCircular.Sources.Transfers;
using Polly;
using Polly.Hedging;

namespace OsCircular.Peers;

/// <summary>
/// One file asked of those whose summaries hold it: the one first that should be done first, the next where it fails, or where it is late and a reader waits.
/// Where the last one is late, the search goes on elsewhere without it.
/// </summary>
internal sealed class HolderSweep
{
    /// <summary>A third holder that fails is no accident any more.</summary>
    private const int MaxHolders = 3;

    private const int MaxCandidates = 64;
    private static readonly ResiliencePropertyKey<HolderSweep> Key = new("oscircular.holders");

    private readonly PeerSet _peers;
    private readonly WantedFile _file;
    private readonly ulong _key;
    private readonly BlockRequest? _request;
    private readonly Member[] _holders;
    private TransferEstimate _latest;
    private int _next;
    private int _running;

    private HolderSweep(PeerSet peers, WantedFile file, ulong key, BlockRequest? request, Member[] holders)
    {
        _peers = peers;
        _file = file;
        _key = key;
        _request = request;
        _holders = holders;
    }

    /// <summary>Asks those who may hold it.</summary>
    /// <returns>None: the file has what it wants. Missing: nobody does, or nobody is known to.</returns>
    public static async ValueTask<SourceError> RunAsync(
        ResiliencePipeline<HolderStep> pipeline, PeerSet peers, WantedFile file, ulong key, BlockRequest? request, CancellationToken cancellationToken)
    {
        Member[] holders = Choose(peers, file.Length, key);
        if (holders.Length == 0) return SourceError.Missing;
        peers.Budget.Earn();
        ResilienceContext context = ResilienceContextPool.Shared.Get(cancellationToken);
        context.Properties.Set(Key, new HolderSweep(peers, file, key, request, holders));
        try
        {
            Outcome<HolderStep> outcome = await pipeline.ExecuteOutcomeAsync(
                static async (context, _) => Outcome.FromResult(await SweepOf(context).AskNextAsync(context.CancellationToken).ConfigureAwait(false)), context, 0)
                .ConfigureAwait(false);
            if (outcome is { Exception: null, Result.Error: SourceError.None }) return SourceError.None;
            if (cancellationToken.IsCancellationRequested) return SourceError.Cancelled;
            if (outcome.Exception is not { } defect) return outcome.Result.Error;
            peers.NoteDefect(defect);
            return SourceError.Refused;
        }
        finally
        {
            ResilienceContextPool.Shared.Return(context);
        }
    }

    /// <summary>The way over the holders as a Polly strategy; one for an agent. Polly cancels and awaits what still runs, so no attempt outlives the search.</summary>
    public static ResiliencePipeline<HolderStep> Pipeline(TimeProvider time) =>
        new ResiliencePipelineBuilder<HolderStep> { TimeProvider = time }.AddHedging(new HedgingStrategyOptions<HolderStep>
        {
            MaxHedgedAttempts = MaxHolders,
            ShouldHandle = static args => ValueTask.FromResult(args.Outcome is { Exception: null, Result: { IsFinal: false, Error: not (SourceError.None or SourceError.Cancelled) } }),
            DelayGenerator = static args => ValueTask.FromResult(SweepOf(args.Context).HedgeDelay),
            ActionGenerator = static args =>
            {
                HolderSweep sweep = SweepOf(args.PrimaryContext);
                if (Volatile.Read(ref sweep._running) > 0 && !sweep.MayHedge()) return null;
                if (sweep._next < sweep._holders.Length) return async () => Outcome.FromResult(await sweep.AskNextAsync(args.ActionContext.CancellationToken).ConfigureAwait(false));

                // Late, and nobody else holds it: the home or the mirror may be sooner.
                return Volatile.Read(ref sweep._running) > 0 ? static () => ValueTask.FromResult(Outcome.FromResult(new HolderStep(SourceError.TimedOut, IsFinal: true))) : null;
            },
        }).Build();

    private TimeSpan HedgeDelay => HolderTiming.HedgeDelay(_latest, _file.Length, _peers.Options.MinHedgeDelay, _peers.Patience.Silence);

    private static Member[] Choose(PeerSet peers, int length, ulong key)
    {
        Span<TransferEstimate> estimates = stackalloc TransferEstimate[MaxCandidates];
        Member[] all = peers.Members.All;
        Member?[]? candidates = null;
        int count = 0;
        int first = all.Length == 0 ? 0 : (int)(peers.Draw() * all.Length);
        for (int i = 0; i < all.Length && count < MaxCandidates; i++)
        {
            Member member = all[(first + i) % all.Length];
            if (!member.Summary.MayHold(key) || !member.IsUsable || !member.Trust.IsTrusted || peers.WasInVain(key, member)) continue;
            candidates ??= new Member?[Math.Min(MaxCandidates, all.Length)];
            estimates[count] = member.Link.Estimate;
            candidates[count++] = member;
        }

        if (candidates is null) return [];
        Span<int> order = stackalloc int[count];
        HolderRanking.Order(estimates[..count], length, peers.Draw(), order);
        var chosen = new Member[Math.Min(count, MaxHolders)];
        for (int i = 0; i < chosen.Length; i++) chosen[i] = candidates[order[i]]!;
        return chosen;
    }

    private bool MayHedge()
    {
        if (_request is { Class: not FetchClass.Reader } || !_peers.Budget.TrySpend()) return false;
        _peers.Metrics.Hedged();
        return true;
    }

    private async ValueTask<HolderStep> AskNextAsync(CancellationToken cancellationToken)
    {
        Member holder = _holders[_next++];
        _latest = holder.Link.Estimate;
        TimeSpan limit = HolderTiming.AttemptLimit(_file.Length, _peers.Patience.Silence / 2);
        Interlocked.Increment(ref _running);
        PeerAnswer answer = await _peers.AskAsync(holder, _file, fetch: null, _request, limit, cancellationToken).ConfigureAwait(false);
        Interlocked.Decrement(ref _running);
        if (answer.Error == SourceError.None) holder.Trust.NoteKept();

        // Who is only busy may have a moment for it when asked again.
        else if (!answer.IsBusy) _peers.NoteInVain(_key, holder);
        if (answer.Error == SourceError.Missing) holder.Trust.NoteBroken();
        if (answer.Error == SourceError.Unreachable) _peers.NoteSilent(holder);
        return new HolderStep(answer.Error, IsFinal: false);
    }

    private static HolderSweep SweepOf(ResilienceContext context) =>
        context.Properties.TryGetValue(Key, out HolderSweep? sweep) ? sweep : throw new InvalidOperationException("A context without its sweep.");
}

/// <param name="Error">How one attempt ended.</param>
/// <param name="IsFinal">Ends the sweep whatever else runs.</param>
internal readonly record struct HolderStep(SourceError Error, bool IsFinal);
