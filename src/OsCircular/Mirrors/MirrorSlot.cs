using Microsoft.Extensions.Logging;
using OsCircular.Sources;
using OsCircular.Sources.Transfers;
using Polly;
using Polly.CircuitBreaker;

namespace OsCircular.Mirrors;

/// <summary>One mirror among several: its connections, its measurements, its circuit breaker. Asks once, and once more past all caches where the bytes were wrong.</summary>
internal sealed class MirrorSlot : IHeadSource, IDisposable
{
    private readonly IMirror _mirror;
    private readonly TimeProvider _time;
    private readonly MirrorMetrics _metrics;
    private readonly ILogger _logger;
    private readonly TransferMeter _stats;
    private readonly SemaphoreSlim _connections;
    private readonly ResiliencePipeline<SourceError> _breaker;
    private long _restingUntil;
    private string _lastFailure = "";

    public MirrorSlot(IMirror mirror, MirrorOptions options, TimeProvider time, MirrorMetrics metrics, ILogger logger)
    {
        _mirror = mirror;
        _time = time;
        _metrics = metrics;
        _logger = logger;
        _stats = new TransferMeter(time);
        _connections = new SemaphoreSlim(options.Connections);
        _breaker = new ResiliencePipelineBuilder<SourceError> { TimeProvider = time }.AddCircuitBreaker(Breaker(options)).Build();
    }

    public string Name => _mirror.Name;
    public TransferEstimate Estimate => _stats.Estimate(IsResting);
    public MirrorStatus Status
    {
        get
        {
            TransferCounts counts = _stats.Counts;
            MirrorState state = IsResting ? MirrorState.Resting : counts.Requests == 0 ? MirrorState.Untried : MirrorState.Ready;
            return new MirrorStatus(Name, state, counts.Latency, counts.BytesPerSecond, counts.Bytes, counts.Requests, counts.Failures, counts.LastError);
        }
    }


    private bool IsResting => _time.GetTimestamp() < Volatile.Read(ref _restingUntil);

    public async ValueTask<FetchedHead> FetchHeadAsync(Deadline deadline, CancellationToken cancellationToken)
    {
        var head = new WantedHead(_time);
        SourceError error = await GetAsync(head, head.Rent(), noCache: true, deadline.Remaining, cancellationToken);
        if (error == SourceError.None) return new FetchedHead(error, head.Bytes);
        return IsFailure(error) ? new FetchedHead(error, default, Volatile.Read(ref _lastFailure)) : error;
    }

    /// <summary>Asks this mirror for the file; at once <see cref="SourceError.Unreachable"/> while it rests.</summary>
    public async ValueTask<SourceError> GetAsync(WantedFile file, BodyBuffer body, bool noCache, TimeSpan limit, CancellationToken cancellationToken)
    {
        if (cancellationToken.IsCancellationRequested) return SourceError.Cancelled;
        if (limit <= TimeSpan.Zero) return SourceError.TimedOut;
        using var attempt = new CancellationTokenSource(limit, _time);
        await using CancellationTokenRegistration link = cancellationToken.UnsafeRegister(static source => ((CancellationTokenSource)source!).Cancel(), attempt);
        ResilienceContext context = ResilienceContextPool.Shared.Get(attempt.Token);
        try
        {
            await _connections.WaitAsync(attempt.Token);
            try
            {
                Outcome<SourceError> outcome = await _breaker.ExecuteOutcomeAsync(
                    static async (context, call) => Outcome.FromResult(await call.Slot.AttemptAsync(call, context.CancellationToken)),
                    context,
                    new Call(this, file, body, noCache, cancellationToken));
                return outcome.Exception is null ? outcome.Result : SourceError.Unreachable;
            }
            finally
            {
                _connections.Release();
            }
        }
        catch (OperationCanceledException)
        {
            return cancellationToken.IsCancellationRequested ? SourceError.Cancelled : SourceError.TimedOut;
        }
        finally
        {
            ResilienceContextPool.Shared.Return(context);
        }
    }

    public void Dispose()
    {
        _mirror.Dispose();
        _connections.Dispose();
    }

    private async ValueTask<SourceError> AttemptAsync(Call call, CancellationToken cancellationToken)
    {
        SourceError error = await AskAsync(call, call.NoCache, cancellationToken);
        if (error != SourceError.Invalid || call.NoCache) return error;

        error = await AskAsync(call, noCache: true, cancellationToken);
        if (error == SourceError.None) _logger.WrongBytesInProxy(Name, call.File.Path);
        else if (error == SourceError.Invalid) _logger.WrongBytes(Name, call.File.Path);
        return error;
    }

    private async ValueTask<SourceError> AskAsync(Call call, bool noCache, CancellationToken cancellationToken)
    {
        WantedFile file = call.File;
        double ahead = _stats.Begin(file.Length);
        long started = _time.GetTimestamp();
        TransferAnswer answer = await _mirror.GetAsync(file.Path, call.Body, noCache, cancellationToken);
        if (answer.Error == SourceError.None && !file.Accept(call.Body)) answer = new TransferAnswer(SourceError.Invalid, "wrong bytes");
        if (answer.Error == SourceError.Cancelled && !call.Asker.IsCancellationRequested) answer = new TransferAnswer(SourceError.TimedOut, "too slow");

        int bytes = answer.Error == SourceError.None ? call.Body.Length : 0;
        double? firstByte = bytes > 0 ? _time.GetElapsedTime(started, call.Body.BegunAt).TotalSeconds : null;
        _stats.End(file.Length, answer.Error, bytes, firstByte is { } seconds ? Math.Max(0, seconds - ahead) : null);
        _metrics.Attempted(Name, answer.Error, bytes);
        if (firstByte is not null) _metrics.Began(Name, firstByte.Value);
        if (IsFailure(answer.Error)) Note(file, answer);
        return answer.Error;
    }

    private void Note(WantedFile file, TransferAnswer answer)
    {
        string line = $"{file.Path}: {answer.Error}{(answer.Detail is null ? "" : $" ({answer.Detail})")}";
        Volatile.Write(ref _lastFailure, line);
        _stats.NoteError(line);
        _logger.AttemptFailed(Name, file.Path, answer.Error, answer.Detail);
    }

    // Half of at least four requests failed within ten seconds: a single lost file rests no mirror, a dead one costs four tries.
    private CircuitBreakerStrategyOptions<SourceError> Breaker(MirrorOptions options) => new()
    {
        FailureRatio = 0.5,
        MinimumThroughput = 4,
        SamplingDuration = TimeSpan.FromSeconds(10),
        BreakDuration = options.Rest,
        ShouldHandle = static args => ValueTask.FromResult(IsFailure(args.Outcome.Result)),
        OnOpened = args =>
        {
            Volatile.Write(ref _restingUntil, _time.GetTimestamp() + (long)(args.BreakDuration.TotalSeconds * _time.TimestampFrequency));
            _logger.MirrorRests(Name, args.BreakDuration.TotalSeconds, Volatile.Read(ref _lastFailure));
            return default;
        },
        OnClosed = _ =>
        {
            _logger.MirrorIsBack(Name);
            return default;
        },
    };

    private static bool IsFailure(SourceError error) => error is not (SourceError.None or SourceError.Missing or SourceError.Cancelled);

    private readonly record struct Call(MirrorSlot Slot, WantedFile File, BodyBuffer Body, bool NoCache, CancellationToken Asker);
}
