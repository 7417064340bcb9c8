using Microsoft.Extensions.Logging;
using OsCircular.Blocks;
using OsCircular.Sources;
using OsCircular.Sources.Transfers;
using Polly;

namespace OsCircular.Mirrors;

/// <summary>
/// Several mirrors of one repository as one source. A round asks them in the order of their ranking until one yields the file good;
/// where none did and some may yet, rounds are repeated with growing, jittered pauses while the outage is young.
/// </summary>
public sealed class MirrorSource : IBlockSource, IDocumentSource, IDisposable
{
    private readonly TimeProvider _time;
    private readonly Random _random;
    private readonly Lock _randomLock = new();
    private readonly ResiliencePipeline<SourceError> _rounds;
    private readonly Outage _outage;

    /// <param name="mirrors">At least one, at most <see cref="MirrorOptions.MaxMirrors"/>; owned from here on.</param>
    /// <param name="options">Validated.</param>
    /// <param name="time">Of every wait.</param>
    /// <param name="random">Jitter and exploring; used under a lock.</param>
    /// <exception cref="UserError">Too many mirrors.</exception>
    public MirrorSource(
        IReadOnlyList<IMirror> mirrors, MirrorOptions options, TimeProvider time, Random random, MirrorMetrics metrics, ILogger<MirrorSource> logger)
    {
        ArgumentOutOfRangeException.ThrowIfZero(mirrors.Count);
        if (mirrors.Count > MirrorOptions.MaxMirrors)
        {
            throw new UserError($"{mirrors.Count} mirrors are too many: at most {MirrorOptions.MaxMirrors} are used. Leave the slowest out.", UserError.WrongUsage);
        }

        _time = time;
        _random = random;
        Options = options;
        Slots = [.. mirrors.Select(mirror => new MirrorSlot(mirror, options, time, metrics, logger))];
        HedgeBudget = new HedgeBudget(options.HedgeShare);
        _outage = new Outage(time, options.Grace);
        _rounds = MirrorPipeline.Build(this, _outage, time, metrics);
    }

    /// <summary>Each mirror's own copy of the head.</summary>
    public IReadOnlyList<IHeadSource> Heads => Slots;

    /// <summary>Whether it is worth asking: false while an outage goes on that is no longer waited out.</summary>
    public bool MayAnswer => !_outage.IsOn;

    public IReadOnlyList<MirrorStatus> Statuses => [.. Slots.Select(slot => slot.Status)];

    internal IReadOnlyList<MirrorSlot> Slots { get; }
    internal MirrorOptions Options { get; }
    internal HedgeBudget HedgeBudget { get; }

    /// <summary>Opens what a user wrote: http, https and file URLs, and folders.</summary>
    /// <exception cref="UserError">One of them is no mirror.</exception>
    public static IMirror Open(string url, MirrorOptions options, TimeProvider time)
    {
        MirrorUrl parsed = MirrorUrl.Parse(url);
        return parsed.IsFile
            ? new FileMirror(parsed.Root.LocalPath, 2 * options.Connections)
            : new HttpMirror(parsed, options, new EnvironmentProxy(Environment.GetEnvironmentVariable), time);
    }

    /// <inheritdoc/>
    public async ValueTask<Fetched> FetchAsync(BlockRequest request, Memory<byte> destination, CancellationToken cancellationToken)
    {
        var block = new WantedBlock(request, destination, _time);
        return block.Finish(await RunAsync(new MirrorSweep(this, block, request.Deadline, request), cancellationToken));
    }

    /// <inheritdoc/>
    public async ValueTask<FetchedDocument> FetchAsync(DocumentName name, Deadline deadline, CancellationToken cancellationToken)
    {
        var document = new WantedDocument(name, _time);
        return document.Finish(await RunAsync(new MirrorSweep(this, document, deadline, request: null), cancellationToken));
    }

    public override string ToString() => $"mirrors({Slots.Count})";

    public void Dispose()
    {
        foreach (MirrorSlot slot in Slots) slot.Dispose();
    }

    /// <param name="length">Bytes wanted.</param>
    /// <param name="order">As many as there are mirrors: filled with their positions, best first.</param>
    internal void Rank(int length, Span<int> order)
    {
        Span<TransferEstimate> estimates = stackalloc TransferEstimate[MirrorOptions.MaxMirrors];
        for (int i = 0; i < Slots.Count; i++) estimates[i] = Slots[i].Estimate;
        MirrorRanking.Order(estimates[..Slots.Count], length, Options.ExploreShare, Draw(), order);
    }

    /// <summary>Chance, evenly from [0, 1).</summary>
    internal double Draw()
    {
        lock (_randomLock) return _random.NextDouble();
    }

    private async ValueTask<SourceError> RunAsync(MirrorSweep sweep, CancellationToken cancellationToken)
    {
        if (cancellationToken.IsCancellationRequested) return SourceError.Cancelled;
        if (sweep.Deadline.HasPassed) return SourceError.TimedOut;
        ResilienceContext context = ResilienceContextPool.Shared.Get(cancellationToken);
        context.Properties.Set(MirrorPipeline.Sweep, sweep);
        HedgeBudget.Earn();
        try
        {
            sweep.BeginRound();
            Outcome<SourceError> outcome = await _rounds.ExecuteOutcomeAsync(
                static async (context, sweep) => Outcome.FromResult(await sweep.AskNextAsync(context.CancellationToken)), context, sweep);
            return Conclude(outcome, sweep, cancellationToken);
        }
        finally
        {
            ResilienceContextPool.Shared.Return(context);
        }
    }

    private SourceError Conclude(Outcome<SourceError> outcome, MirrorSweep sweep, CancellationToken cancellationToken)
    {
        if (cancellationToken.IsCancellationRequested && outcome is not { Exception: null, Result: SourceError.None }) return SourceError.Cancelled;

        // An attempt that only the total time cut short says so by being cancelled.
        if (outcome.Exception is not null || outcome.Result == SourceError.Cancelled) return SourceError.TimedOut;
        SourceError error = outcome.Result == SourceError.None ? SourceError.None : sweep.Verdict;
        if (error is SourceError.None or SourceError.Missing) _outage.End();
        return error;
    }
}
