using System.Runtime.CompilerServices;
using Microsoft.Extensions.Logging;
using OsCircular.Blocks;
using OsCircular.Sources;

namespace OsCircular.Library.Filling;

/// <summary>
/// Takes in one version, or what its profile names, in rounds: each goes once through the index, from this host's place to the end and then from the beginning to there,
/// and fetches what is not held. What failed is left for the next round, after a pause. While the job lasts, no block of its version is evicted: else in a small cache the last
/// ones to come would push the first ones out. Run once.
/// </summary>
/// <param name="parts">What it works with.</param>
/// <param name="target">What is to be held.</param>
/// <param name="isWanted">Asked after each round in vain: it goes on as long as this says so.</param>
/// <param name="logger">For events 420 to 425.</param>
internal sealed class FillJob(FillParts parts, FillTarget target, Func<bool> isWanted, ILogger logger) : IDisposable
{
    /// <summary>Enough to keep a line busy while homes work; what is really in flight, the priorities decide.</summary>
    public const int MaxInFlight = 16;

    /// <summary>A round in which so many failed one after the other is given up: the mirror is gone, or the cache full.</summary>
    public const int MostFailuresInRow = 2 * MaxInFlight;

    /// <summary>Rounds that found nothing but a full cache, until it is believed: half a minute.</summary>
    private const int RoundsWithoutRoom = 5;

    /// <summary>Nobody waits for it, so on a busy line a block may take long.</summary>
    private static readonly TimeSpan BlockLimit = TimeSpan.FromMinutes(5);

    private readonly CancellationTokenSource _stop = new();
    private readonly FillTally _tally = new(target, parts.Time);
    private long _lookedThrough; // the pages that lead to the places before this one are in the cache

    public FillProgress Progress => _tally.Snapshot;

    public FillTarget Target => target;

    /// <summary>Ends it, whether it has begun or not; it counts as ended at once.</summary>
    public void Stop()
    {
        _tally.Enter(FillState.Stopped);
        _stop.Cancel();
    }

    public void Dispose() => _stop.Dispose();

    /// <summary>Runs until all is held, it fails for good, or it is stopped; none of which is an error here.</summary>
    /// <param name="ending">The agent ends.</param>
    public async Task RunAsync(CancellationToken ending)
    {
        using CancellationTokenSource either = CancellationTokenSource.CreateLinkedTokenSource(ending, _stop.Token);
        try
        {
            try
            {
                // Before that every block seems to be held, and none is kept.
                await parts.Cache.Loaded.WaitAsync(either.Token);
                either.Token.ThrowIfCancellationRequested();
                FillLog.Begun(logger, target);
                await FillAsync(either.Token);
            }
            finally
            {
                await ReleaseAsync(ending);
            }
        }
        catch (OperationCanceledException) when (either.IsCancellationRequested)
        {
            _tally.Enter(FillState.Stopped);
            FillLog.Stopped(logger, target);
        }
        catch (Exception failure)
        {
            _tally.Enter(FillState.Failed, "it failed in a way it should not; the agent's log says more");
            FillLog.Threw(logger, failure, target);
        }
    }

    /// <summary>The pause after so many rounds in a row that brought nothing: 1 s, doubled each time, a minute at most; jittered, for the hosts of a room fail together.</summary>
    /// <param name="rounds">1 or more.</param>
    /// <param name="chance">0 to 1.</param>
    internal static TimeSpan PauseAfter(int rounds, double chance) => TimeSpan.FromSeconds(Math.Min(1 << Math.Min(rounds - 1, 6), 60) * (0.75 + (0.5 * chance)));

    private async Task FillAsync(CancellationToken cancellationToken)
    {
        bool isFound = false;
        for (int fruitless = 0, withoutRoom = 0; ;)
        {
            _tally.BeginRound();
            if (!isFound) isFound = await FindAsync(cancellationToken);
            if (isFound) await FetchAllAsync(cancellationToken);
            cancellationToken.ThrowIfCancellationRequested();
            FillRound round = _tally.EndRound();
            if (round.Failures == 0)
            {
                _tally.Enter(FillState.Done);
                FillLog.Done(logger, target, Progress.BlocksDone, Progress.BytesFetched);
                return;
            }

            fruitless = round.Progressed ? 1 : fruitless + 1;
            withoutRoom = round.LackedRoom && !round.Progressed ? withoutRoom + 1 : 0;
            string? final = withoutRoom == RoundsWithoutRoom ? Progress.Problem : isWanted() ? null : "the version is not offered any more";
            if (final is not null)
            {
                _tally.Enter(FillState.Failed, final);
                FillLog.Failed(logger, target, final);
                return;
            }

            _tally.Enter(FillState.Pausing);
            TimeSpan pause = PauseAfter(fruitless, parts.Random.NextDouble());
            FillLog.Pausing(logger, target, round.Failures, Progress.Problem, pause);
            await Task.Delay(pause, parts.Time, cancellationToken);
        }
    }

    // How much there is; and what is here already stays.
    private async Task<bool> FindAsync(CancellationToken cancellationToken)
    {
        long blocks = 0, bytes = 0;
        if (await BeginAsync(cancellationToken) is not { } walk) return false;
        for (long at = 0; ; at++, blocks++)
        {
            (SourceError error, at, BlockRow row) = await walk.FindAsync(at, Limit(), cancellationToken);
            cancellationToken.ThrowIfCancellationRequested();
            _lookedThrough = Math.Max(_lookedThrough, at);
            if (error != SourceError.None)
            {
                _tally.Missed(error, $"a page of the index could not be had ({Word(error)})");
                return false;
            }

            if (at >= walk.Places) break;
            bytes += row.StoredLength;
            if (Hold(row)) _tally.Held(at, row.StoredLength);
        }

        _tally.Found(blocks, bytes);
        return true;
    }

    private Task FetchAllAsync(CancellationToken cancellationToken) => Parallel.ForEachAsync(
        MissingAsync(cancellationToken),
        new ParallelOptions { MaxDegreeOfParallelism = MaxInFlight, CancellationToken = cancellationToken },
        async (missing, token) => await FetchAsync(missing.Block, missing.Row, token));

    private async IAsyncEnumerable<(long Block, BlockRow Row)> MissingAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        if (await BeginAsync(cancellationToken) is not { Places: > 0 } walk) yield break;
        long count = walk.Places;
        long start = parts.Start(count);
        foreach ((long from, long end) in ((long, long)[])[(start, count), (0, start)])
        {
            for (long at = from; ; at++)
            {
                if (_tally.FailuresInRow >= MostFailuresInRow) yield break;
                (SourceError error, at, BlockRow row) = await walk.FindAsync(at, Limit(), cancellationToken);
                cancellationToken.ThrowIfCancellationRequested();
                if (error != SourceError.None)
                {
                    _tally.Missed(error, $"a page of the index could not be had ({Word(error)})");
                    yield break;
                }

                if (at >= end) break;
                if (Hold(row)) _tally.Held(at, row.StoredLength);
                else yield return (at, row);
            }
        }
    }

    private async Task FetchAsync(long block, BlockRow row, CancellationToken cancellationToken)
    {
        // Looked at first, and given back: nothing is to be fetched that cannot be kept.
        using (Cache.CacheReservation? room = parts.Cache.Blocks.TryReserve(row.StoredLength))
        {
            if (room is null)
            {
                NoRoom();
                return;
            }
        }

        await PaceAsync(row.StoredLength, cancellationToken);
        byte[] buffer = BlockBuffers.Shared.Rent(row.StoredLength);
        parts.Cache.Blocks.Expect(row.Name, expected: true);
        try
        {
            BlockRequest request = new(row.Name, row.StoredLength, FetchClass.Fill, Limit());
            Fetched fetched = await parts.Blocks.FetchAsync(request, buffer, cancellationToken);
            if (!fetched.Succeeded) parts.Cap?.Take(-row.StoredLength);
            cancellationToken.ThrowIfCancellationRequested();
            if (!fetched.Succeeded) _tally.Missed(fetched.Error, $"block {row.Name} could not be had ({Word(fetched.Error)})");
            else if (Hold(row)) _tally.Fetched(block, row.StoredLength);
            else NoRoom();
        }
        finally
        {
            parts.Cache.Blocks.Expect(row.Name, expected: false);
            BlockBuffers.Shared.Return(buffer);
        }
    }

    // Before the fetch begins: a reader who wants the same block meanwhile has one of his own, and waits for no cap of filling.
    private async ValueTask PaceAsync(int length, CancellationToken cancellationToken)
    {
        if (parts.Cap is not { } cap) return;
        while (!cap.TryTake(length, TimeSpan.Zero, out TimeSpan wait))
        {
            _tally.HeldBack(cap.Now == 0);
            await Task.Delay(wait, parts.Time, cancellationToken);
        }

        _tally.HeldBack(false);
    }

    private void NoRoom() => _tally.Missed(SourceError.NoSpace, "the cache keeps nothing more: its quota or its disk is full, or the disk takes no writes");

    private bool Hold(BlockRow row) => parts.Cache.Blocks.SetKept(row.Name, kept: true);

    private async Task ReleaseAsync(CancellationToken ending)
    {
        (_, FillWalk? walk) = await FillWalk.BeginAsync(target, parts.Documents, Limit(), ending);
        for (long at = 0; walk is not null && at < _lookedThrough && !ending.IsCancellationRequested; at++)
        {
            (SourceError error, at, BlockRow row) = await walk.FindAsync(at, Limit(), ending);

            // A page is gone from the cache, and cannot be had: what it leads to stays until the agent ends.
            if (error != SourceError.None || at >= walk.Places) return;
            _ = parts.Cache.Blocks.SetKept(row.Name, kept: false);
        }
    }

    private async Task<FillWalk?> BeginAsync(CancellationToken cancellationToken)
    {
        (SourceError error, FillWalk? walk) = await FillWalk.BeginAsync(target, parts.Documents, Limit(), cancellationToken);
        cancellationToken.ThrowIfCancellationRequested();
        if (walk is null) _tally.Missed(error, $"the profile could not be had ({Word(error)})");
        return walk;
    }

    private Deadline Limit() => Deadline.In(BlockLimit, parts.Time);

    private static string Word(SourceError error) => error.ToString().ToLowerInvariant();
}
