using OsCircular.Peers.Choice;
using OsCircular.Peers.Client;
using OsCircular.Peers.Homes;
using OsCircular.Peers.Membership;
using OsCircular.Sources;
using OsCircular.Sources.Transfers;
using Polly;

namespace OsCircular.Peers;

/// <summary>One file asked of one home: again and again while it says that it is working, for that is not lateness.</summary>
internal sealed class HomeCall(PeerSet peers, ResiliencePipeline<HolderStep> holders, WantedFile file, ulong key, BlockRequest? request, Deadline deadline)
{
    /// <summary>Asks until the home yields the file, fails, is slow by its own word, or the first half of the deadline is over: then mirrors still get their try.</summary>
    /// <param name="home">Whom.</param>
    /// <param name="fetch"><see cref="PeerHeaders.FetchAsHome"/> or <see cref="PeerHeaders.FetchJoin"/>.</param>
    /// <param name="working">Called when the home says that it is working.</param>
    /// <param name="cancellationToken">The asker has gone, or has no more time for peers.</param>
    public async ValueTask<SourceError> AskAsync(Member home, string fetch, Action? working, CancellationToken cancellationToken)
    {
        peers.Budget.Earn();
        long started = peers.Time.GetTimestamp();
        TimeSpan? promised = null;
        while (true)
        {
            long asked = peers.Time.GetTimestamp();
            TimeSpan limit = HolderTiming.AttemptLimit(file.Length, peers.Patience.Silence);
            PeerAnswer answer = await peers.AskAsync(home, file, fetch, request, limit, cancellationToken).ConfigureAwait(false);
            if (answer.Error == SourceError.Cancelled && promised is not null) peers.NoteLeft(key);
            if (answer.Error is SourceError.Unreachable or SourceError.TimedOut) peers.NoteSilent(home);
            if (answer.Error == SourceError.TimedOut) home.RestAsHome();
            if (!answer.IsWorking) return answer.Error;
            working?.Invoke();

            // Meanwhile somebody else may have come by it.
            SourceError held = await HolderSweep.RunAsync(holders, peers, file, key, request, cancellationToken).ConfigureAwait(false);
            if (held is SourceError.None or SourceError.Cancelled) return held;

            promised ??= answer.Estimate!.Value;
            TimeSpan waited = peers.Time.GetElapsedTime(started);
            bool leaves = fetch == PeerHeaders.FetchJoin
                ? waited > HomeTiming.MaxJoin
                : HomeTiming.IsSlow(waited, promised.Value, peers.Patience.Silence) && (HomeTiming.IsPastPatience(deadline) || MayLeave());
            if (leaves || deadline.RemainingOfFirstHalf == TimeSpan.Zero)
            {
                peers.NoteLeft(key);
                return SourceError.TimedOut;
            }

            // A home holds the request while it works; one that does not must not have us ask without a pause.
            TimeSpan early = HomeTiming.LeastRound - peers.Time.GetElapsedTime(asked);
            if (early > TimeSpan.Zero) await Task.Delay(early, peers.Time, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (cancellationToken.IsCancellationRequested) return SourceError.Cancelled;
        }
    }

    private bool MayLeave()
    {
        if (request is { Class: not FetchClass.Reader } || !peers.Budget.TrySpend()) return false;
        peers.Metrics.Hedged();
        return true;
    }
}
