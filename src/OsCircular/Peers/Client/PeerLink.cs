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
    private readonly PeerMetrics _metrics;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly TransferMeter _held;
    private readonly TransferMeter _fetched;
    private readonly ResiliencePipeline<PeerAnswer> _breaker;
    private long _restingUntil;

    public PeerLink(IPEndPoint address, PeerIdentity self, Conduct conduct, PeerOptions options, PeerMetrics metrics, TimeProvider time, ILogger logger)
    {
        Name = address.ToString();
        _lanes = new PeerLanes(address, self, options, time);
        _conduct = conduct;
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
            return outcome.Exception is null ? outcome.Result : new PeerAnswer(SourceError.Refused, "resting");
        }
        finally
        {
            ResilienceContextPool.Shared.Return(context);
        }
    }

    public void Dispose() => _lanes.Dispose();

    private async ValueTask<PeerAnswer> AttemptAsync(Call call, CancellationToken cancellationToken)
    {
        PeerAnswer answer = await AskAsync(call, noCache: false, cancellationToken).ConfigureAwait(false);
        if (answer.Error != SourceError.Invalid) return answer;

        string path = call.File.Path;
        _logger.WrongBytes(Name, path);
        bool banned = _conduct.NoteWrong(path, again: false);
        if (!banned)
        {
            answer = await AskAsync(call, noCache: true, cancellationToken).ConfigureAwait(false);
            banned = answer.Error == SourceError.Invalid && _conduct.NoteWrong(path, again: true);
        }

        if (banned) _logger.PeerBanned(Name, _conduct.Ban.Left.TotalSeconds, _conduct.Ban.Reason ?? "");
        return answer;
    }

    private async ValueTask<PeerAnswer> AskAsync(Call call, bool noCache, CancellationToken cancellationToken)
    {
        var ask = new PeerAsk(
            $"/{call.File.Path}", call.Fetch, call.Fetch is null ? null : call.Request?.StoredLength, call.Request?.Class ?? FetchClass.Reader, NoCache: noCache,
            BodyLimit: HolderTiming.TransferLimit(call.File.Length));
        TransferMeter meter = call.Fetch is null ? _held : _fetched;
        double ahead = meter.Begin(call.File.Length);
        long started = _time.GetTimestamp();
        PeerAnswer answer = await _lanes.GetAsync(ask, call.Body, call.Limit, cancellationToken).ConfigureAwait(false);
        bool came = answer is { Error: SourceError.None, IsWorking: false };
        if (came && !call.File.Accept(call.Body))
        {
            answer = new PeerAnswer(SourceError.Invalid, "wrong bytes");
            came = false;
        }

        int bytes = came ? call.Body.Length : 0;
        double? firstByte = came ? Math.Max(0, _time.GetElapsedTime(started, call.Body.BegunAt).TotalSeconds - ahead) : null;
        meter.End(call.File.Length, answer.Error, bytes, firstByte);
        _metrics.Asked(Name, answer.Error, bytes);
        if (IsFailure(answer.Error))
        {
            meter.NoteError($"{call.File.Path}: {answer.Error}{(answer.Detail is null ? "" : $" ({answer.Detail})")}");
            _logger.AskFailed(Name, call.File.Path, answer.Error, answer.Detail);
        }

        return answer;
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
