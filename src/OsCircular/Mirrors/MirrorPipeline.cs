using OsCircular.Sources;
using Polly;
using Polly.Hedging;
using Polly.Retry;
using Polly.Timeout;

namespace OsCircular.Mirrors;

/// <summary>How a request goes over the mirrors, as Polly strategies: total time, rounds, and within a round one mirror after another.</summary>
internal static class MirrorPipeline
{
    public static readonly ResiliencePropertyKey<MirrorSweep> Sweep = new("oscircular.sweep");

    public static ResiliencePipeline<SourceError> Build(MirrorSource source, Outage outage, TimeProvider time, MirrorMetrics metrics)
    {
        var pipeline = new ResiliencePipelineBuilder<SourceError> { TimeProvider = time };
        pipeline.AddTimeout(new TimeoutStrategyOptions { TimeoutGenerator = static args => ValueTask.FromResult(SweepOf(args.Context).Deadline.Remaining) });
        pipeline.AddRetry(Rounds(source, outage, metrics));
        if (source.Slots.Count > 1) pipeline.AddHedging(Round(source, metrics));
        return pipeline.Build();
    }

    private static RetryStrategyOptions<SourceError> Rounds(MirrorSource source, Outage outage, MirrorMetrics metrics) => new()
    {
        MaxRetryAttempts = int.MaxValue,
        BackoffType = DelayBackoffType.Exponential,
        UseJitter = true,
        Delay = source.Options.RetryDelay,
        MaxDelay = source.Options.MaxRetryDelay,
        Randomizer = source.Draw,
        ShouldHandle = args => ValueTask.FromResult(
            args.Outcome.Exception is null && args.Outcome.Result is not (SourceError.None or SourceError.Cancelled)
            && SweepOf(args.Context).MayRetry && outage.GoesOn()),
        OnRetry = args =>
        {
            metrics.Retried();
            SweepOf(args.Context).BeginRound();
            return default;
        },
    };

    // Polly's hedging starts the next action when one failed, or when the delay is over and none has ended. It cancels and awaits the rest before it returns,
    // so no attempt outlives the request.
    private static HedgingStrategyOptions<SourceError> Round(MirrorSource source, MirrorMetrics metrics) => new()
    {
        MaxHedgedAttempts = source.Slots.Count - 1,
        ShouldHandle = static args => ValueTask.FromResult(args.Outcome.Exception is null && args.Outcome.Result is not (SourceError.None or SourceError.Cancelled)),
        DelayGenerator = static args => ValueTask.FromResult(SweepOf(args.Context).HedgeDelay),
        ActionGenerator = args =>
        {
            MirrorSweep sweep = SweepOf(args.PrimaryContext);
            if (!sweep.HasNext) return null;
            if (sweep.IsRunning)
            {
                if (!sweep.MayHedge || !source.HedgeBudget.TrySpend()) return null;
                metrics.Hedged();
            }

            return async () => Outcome.FromResult(await sweep.AskNextAsync(args.ActionContext.CancellationToken));
        },
    };

    private static MirrorSweep SweepOf(ResilienceContext context) =>
        context.Properties.TryGetValue(Sweep, out MirrorSweep? sweep) ? sweep : throw new InvalidOperationException("A context without its sweep.");
}
