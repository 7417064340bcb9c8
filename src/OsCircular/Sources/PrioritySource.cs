using OsCircular.Sources.Rates;

namespace OsCircular.Sources;

/// <summary>
/// Readers first, then the profile, then filling: a bounded number of fetches in flight, the rest queued by class. While a higher class is active,
/// lower ones keep little in flight. A raised request moves up; a cancelled one leaves the queue. Where there is a cap, each starts when what started before it is paid:
/// so a reader waits for one block of a lower class at most.
/// </summary>
public sealed class PrioritySource : IBlockSource
{
    public const int DefaultMaxInFlight = 8;

    private readonly IBlockSource _inner;
    private readonly TimeProvider _time;
    private readonly RateMeter _rate;
    private readonly RateCap? _cap;
    private readonly Lock _lock = new();
    private long _blocks;

    // Guarded by _lock.
    private readonly PriorityQueues _queues;
    private bool _wakes;

    /// <param name="inner">What fetches.</param>
    /// <param name="maxInFlight">Fetches at one time, 1 to 256: enough to keep the line busy, few enough that a reader does not wait behind them.</param>
    /// <param name="time">Of every wait.</param>
    /// <param name="cap">Shared by whoever else draws on it; null: no cap.</param>
    public PrioritySource(IBlockSource inner, int maxInFlight, TimeProvider time, RateCap? cap = null)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(maxInFlight, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(maxInFlight, 256);
        _inner = inner;
        _time = time;
        _cap = cap;
        _rate = new RateMeter(time);
        _queues = new PriorityQueues(maxInFlight);
    }

    /// <inheritdoc/>
    public async ValueTask<Fetched> FetchAsync(BlockRequest request, Memory<byte> destination, CancellationToken cancellationToken)
    {
        var ticket = new PriorityTicket(request);
        void Raise(BlockRequest raised) => Raised(ticket);
        request.Raised += Raise;
        try
        {
            Enter(ticket);
            await ticket.Turn.WaitAsync(request.Deadline.Remaining, _time, cancellationToken);
            return await RunAsync(request, destination, cancellationToken);
        }
        catch (OperationCanceledException)
        {
            return SourceError.Cancelled;
        }
        catch (TimeoutException)
        {
            return SourceError.TimedOut;
        }
        finally
        {
            request.Raised -= Raise;
            Leave(ticket);
        }
    }

    /// <summary>Blocks that came.</summary>
    public long Blocks => Interlocked.Read(ref _blocks);

    /// <summary>How long a fetch that begins now will take, going by what is before it, the measured rate and the cap; null where nothing was measured.</summary>
    /// <param name="fetchClass">Its class: less urgent ones are not before it.</param>
    /// <param name="storedLength">Bytes; those that wait are taken to be as long.</param>
    public TimeSpan? Estimate(FetchClass fetchClass, int storedLength)
    {
        double rate = _rate.BytesPerSecond;
        if (_cap?.Now is { } limit && (rate <= 0 || limit < rate)) rate = limit;
        if (rate <= 0) return null;
        lock (_lock)
        {
            long bytes = storedLength;
            for (FetchClass c = FetchClass.Reader; c <= fetchClass; c++) bytes += _queues[c].RunningBytes + ((long)_queues[c].Waiting * storedLength);
            return TimeSpan.FromSeconds(Math.Min(bytes / rate, 3600));
        }
    }

    public override string ToString() => $"priorities -> {_inner}";

    private async ValueTask<Fetched> RunAsync(BlockRequest request, Memory<byte> destination, CancellationToken cancellationToken)
    {
        int bytes = 0;
        _rate.Begin();
        try
        {
            Fetched fetched = await _inner.FetchAsync(request, destination, cancellationToken);
            bytes = fetched.Block.Bytes.Length;
            if (fetched.Succeeded) Interlocked.Increment(ref _blocks);
            return fetched;
        }
        finally
        {
            _rate.End(bytes);
            if (bytes == 0) _cap?.Take(-request.StoredLength);
        }
    }

    private void Enter(PriorityTicket ticket)
    {
        lock (_lock)
        {
            ticket.Class = ticket.Request.Class;
            _queues.Enqueue(ticket);
            StartWhatMay();
        }
    }

    private void Raised(PriorityTicket ticket)
    {
        lock (_lock)
        {
            // Not yet entered, or gone: its class is read then, or of no account.
            if (!ticket.IsQueued && !ticket.IsRunning) return;
            bool running = ticket.IsRunning;
            _queues.Remove(ticket);
            ticket.Class = ticket.Request.Class;
            if (running) _queues.Start(ticket);
            else _queues.Enqueue(ticket);
            StartWhatMay();
        }
    }

    private void Leave(PriorityTicket ticket)
    {
        lock (_lock)
        {
            _queues.Remove(ticket);
            StartWhatMay();
        }
    }

    // Under the lock.
    private void StartWhatMay()
    {
        if (_queues.StartWhatMay(_rate.BytesPerSecond, _cap) || _wakes) return;
        _wakes = true;
        _ = WakeAsync(_cap!.Wait);
    }

    // One at a time, and only while the cap holds something back.
    private async Task WakeAsync(TimeSpan wait)
    {
        await Task.Delay(wait, _time, CancellationToken.None).ConfigureAwait(false);
        lock (_lock)
        {
            _wakes = false;
            StartWhatMay();
        }
    }
}
