using System.Net;
using Microsoft.Extensions.Logging;
using OsCircular.Peers.Choice;
using OsCircular.Sources;
using OsCircular.Sources.Transfers;
using Polly;
using Polly.CircuitBreaker;

namespace OsCircular.Peers.Client;

/// <summary>
/// One peer as seen by whoever asks it for files: its connections, its measurements, its circuit breaker, and what its bytes have been worth.
/// Asks once, and once more past the peer's own file where the bytes were wrong. Thread-safe.
/// </summary>
internal sealed class PeerLink : IDisposable
{
    private static readonly TimeSpan FirstRest = TimeSpan.FromSeconds(2);
    private const int MaxDoublings = 5;

    private readonly PeerLanes _lanes;
    private readonly Conduct _conduct;
    private readonly PeerOptions _options;
    private readonly Patience _patience;
    private readonly PeerMetrics _metrics;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly TransferMeter _held;
    private readonly TransferMeter _fetched;
    private readonly ResiliencePipeline<PeerAnswer> _breaker;
    private long _restingUntil;

    public PeerLink(IPEndPoint address, PeerIdentity self, Conduct conduct, PeerOptions options, Patience patience, PeerMetrics metrics, TimeProvider time, ILogger logger)
    {
        Name = address.ToString();
        _lanes = new PeerLanes(address, self, options, patience, time);
        _conduct = conduct;
        _options = options;
        _patience = patience;
        _metrics = metrics;
        _time = time;
        _logger = logger;
        _held = new TransferMeter(time);
        _fetched = new TransferMeter(time);
        _breaker = new ResiliencePipelineBuilder<PeerAnswer> { TimeProvider = time }.AddCircuitBreaker(Breaker()).Build();
    }

    public string Name { get; }

    /// <summary>Of what it holds. What it fetches as home has to wait for a mirror, and says nothing of the peer.</summary>
    public TransferEstimate Estimate => _held.Estimate(IsResting);

    public bool IsResting => _time.GetTimestamp() < Volatile.Read(ref _restingUntil);

    public TransferCounts Held => _held.Counts;
    public TransferCounts Fetched => _fetched.Counts;

    /// <summary>Looks at the peer itself: <c>/peers</c> or <c>/summary</c>. No breaker, for this is how it is known to be back.</summary>
    public ValueTask<PeerAnswer> LookAsync(string path, BodyBuffer body, TimeSpan limit, CancellationToken cancellationToken) =>
        _lanes.GetAsync(new PeerAsk(path, WithHello: true), body, limit, cancellationToken);

    /// <summary>Reads the head, whose worth only its signature shows.</summary>
    public ValueTask<PeerAnswer> GetHeadAsync(BodyBuffer body, TimeSpan limit, CancellationToken cancellationToken) =>
        _lanes.GetAsync(new PeerAsk($"/{RepositoryPaths.Head}", NoCache: true), body, limit, cancellationToken);

    /// <summary>Asks for a block or a document.</summary>
    /// <param name="file">Says whether what comes is good.</param>
    /// <param name="fetch">As in <see cref="PeerAsk"/>.</param>
    /// <param name="request">The block's; null for a document.</param>
    /// <param name="body">Of <paramref name="file"/>.</param>
    /// <param name="limit">Of one attempt.</param>
    /// <returns>None: <paramref name="file"/> has accepted it, or it is on its way where the answer says so.</returns>
    public async ValueTask<PeerAnswer> GetAsync(
        WantedFile file, string? fetch, BlockRequest? request, BodyBuffer body, TimeSpan limit, CancellationToken cancellationToken)
    {
        if (cancellationToken.IsCancellationRequested) return SourceError.Cancelled;
        if (limit <= TimeSpan.Zero) return SourceError.TimedOut;
        ResilienceContext context = ResilienceContextPool.Shared.Get(cancellationToken);
        try
        {
            Outcome<PeerAnswer> outcome = await _breaker.ExecuteOutcomeAsync(
                static async (context, call) => Outcome.FromResult(await call.Link.AttemptAsync(call, context.CancellationToken).ConfigureAwait(false)),
                context,
                new Call(this, file, fetch, request, body, limit)).ConfigureAwait(false);

            // Not asked at all: no sign that the peer is gone.
            if (outcome.Exception is BrokenCircuitException) return new PeerAnswer(SourceError.Refused, "resting");
            if (outcome.Exception is OperationCanceledException && cancellationToken.IsCancellationRequested) return SourceError.Cancelled;
            outcome.ThrowIfException();
            return outcome.Result;
        }
        finally
        {
            ResilienceContextPool.Shared.Return(context);
        }
    }

    public void Dispose() => _lanes.Dispose();

    // Past its caches where the first answer was no good. Banned is only who sent what its name does not say: another length than was asked for may be the
    // asker's mistake, and counts against nobody.
    private async ValueTask<PeerAnswer> AttemptAsync(Call call, CancellationToken cancellationToken)
    {
        PeerAnswer answer = await AskAsync(call, noCache: false, cancellationToken).ConfigureAwait(false);
        if (answer.Error != SourceError.Invalid || Blame(answer, call.File.Path, again: false)) return answer;
        answer = await AskAsync(call, noCache: true, cancellationToken).ConfigureAwait(false);
        if (answer.Error != SourceError.Invalid || Blame(answer, call.File.Path, again: true) || answer.IsWrong) return answer;
        return answer with { Error = SourceError.Refused };
    }

    /// <returns>Whether the peer is banned for it.</returns>
    private bool Blame(PeerAnswer answer, string path, bool again)
    {
        if (!answer.IsWrong) return false;
        _logger.WrongBytes(Name, path);
        if (!_conduct.NoteWrong(path, again)) return false;
        _logger.PeerBanned(Name, _conduct.Ban.Left.TotalSeconds, _conduct.Ban.Reason ?? "");
        return true;
    }

    private async ValueTask<PeerAnswer> AskAsync(Call call, bool noCache, CancellationToken cancellationToken)
    {
        var ask = new PeerAsk(
            $"/{call.File.Path}", call.Fetch, call.Fetch is null ? null : call.Request?.StoredLength, call.Request?.Class ?? FetchClass.Reader, NoCache: noCache,
            Expected: call.File.Length);
        TransferMeter meter = call.Fetch is null ? _held : _fetched;
        TimeSpan late = HolderTiming.HedgeDelay(Estimate, call.File.Length, _options.MinHedgeDelay, _patience.Silence);
        double ahead = meter.Begin(call.File.Length);
        long started = _time.GetTimestamp();
        PeerAnswer answer = await _lanes.GetAsync(ask, call.Body, call.Limit, cancellationToken).ConfigureAwait(false);
        if (answer is { Error: SourceError.None, IsWorking: false } && !call.File.Accept(call.Body)) answer = new PeerAnswer(SourceError.Invalid, "wrong bytes", IsWrong: true);

        // A home may be silent while it fetches; a holder has it.
        bool overtaken = call.Fetch is null && answer.Error == SourceError.Cancelled && HolderTiming.WasSilent(call.Body.HasBegun, _time.GetElapsedTime(started), late);
        if (overtaken) answer = new PeerAnswer(SourceError.TimedOut, "silent until it was not waited for any more");
        Count(call, meter, answer, _time.GetElapsedTime(started, call.Body.BegunAt).TotalSeconds - ahead);
        return answer;
    }

    private void Count(in Call call, TransferMeter meter, PeerAnswer answer, double firstByte)
    {
        bool came = answer is { Error: SourceError.None, IsWorking: false };
        int bytes = came ? call.Body.Length : 0;
        meter.End(call.File.Length, answer.Error, bytes, came ? Math.Max(0, firstByte) : null);
        _metrics.Asked(Name, answer.Error, bytes);
        if (!IsFailure(answer.Error)) return;
        meter.NoteError($"{call.File.Path}: {answer.Error}{(answer.Detail is null ? "" : $" ({answer.Detail})")}");
        _logger.AskFailed(Name, call.File.Path, answer.Error, answer.Detail);
    }

    // As a mirror is rested, but at the second failure, and longer each time: there are other peers, and each probe costs a reader its patience.
    private CircuitBreakerStrategyOptions<PeerAnswer> Breaker() => new()
    {
        FailureRatio = 0.5,
        MinimumThroughput = 2,
        SamplingDuration = TimeSpan.FromSeconds(10),
        BreakDuration = FirstRest,
        BreakDurationGenerator = static args => ValueTask.FromResult(FirstRest * (1 << Math.Clamp(args.FailureCount - 1, 0, MaxDoublings))),
        ShouldHandle = static args => ValueTask.FromResult(args.Outcome.Exception is null && IsFailure(args.Outcome.Result.Error)),
        OnOpened = args =>
        {
            Volatile.Write(ref _restingUntil, _time.GetTimestamp() + (long)(args.BreakDuration.TotalSeconds * _time.TimestampFrequency));
            _logger.PeerRests(Name, args.BreakDuration.TotalSeconds, args.Outcome.Result.Detail ?? args.Outcome.Result.Error.ToString());
            return default;
        },
    };

    // A peer that is busy says so: that is no failure.
    private static bool IsFailure(SourceError error) => error is SourceError.Unreachable or SourceError.TimedOut or SourceError.Invalid;

    private readonly record struct Call(PeerLink Link, WantedFile File, string? Fetch, BlockRequest? Request, BodyBuffer Body, TimeSpan Limit);
}
