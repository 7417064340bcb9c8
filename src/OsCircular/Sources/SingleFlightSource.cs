using OsCircular.Blocks;

namespace OsCircular.Sources;

/// <summary>
/// A block is fetched once on a host, however many ask for it: askers of one block share one flight, which ends when it has landed or the last of them left.
/// A block that failed fails again at once for a short while.
/// </summary>
public sealed class SingleFlightSource : IBlockSource
{
    private readonly IBlockSource _inner;
    private readonly TimeProvider _time;
    private readonly Lock _lock = new();

    // Both guarded by _lock. The length is part of the key: who asks for a wrong one must not spoil it for the others.
    private readonly Dictionary<(BlockName Name, int Length), Flight> _flights = [];
    private readonly FailureMemory _failures;

    public SingleFlightSource(IBlockSource inner, TimeProvider time)
    {
        _inner = inner;
        _time = time;
        _failures = new FailureMemory(time);
    }

    /// <inheritdoc/>
    public async ValueTask<Fetched> FetchAsync(BlockRequest request, Memory<byte> destination, CancellationToken cancellationToken)
    {
        for (bool again = false; ; again = true)
        {
            if (cancellationToken.IsCancellationRequested) return SourceError.Cancelled;
            if (request.Deadline.HasPassed) return SourceError.TimedOut;
            (Flight? flight, bool isFirst, SourceError remembered) = Join(request, again);
            if (flight is null) return remembered;

            Fetched fetched = await RideAsync(flight, isFirst, request, destination, cancellationToken);

            // The flight had its first asker's time; one who joined it may have more.
            if (isFirst || fetched.Error != SourceError.TimedOut) return fetched;
        }
    }

    public override string ToString() => $"single flight -> {_inner}";

    private (Flight? Flight, bool IsFirst, SourceError Remembered) Join(BlockRequest request, bool again)
    {
        (BlockName, int) key = (request.Name, request.StoredLength);
        lock (_lock)
        {
            if (_flights.TryGetValue(key, out Flight? flight))
            {
                flight.Askers++;
                return (flight, false, SourceError.None);
            }

            if (!again && _failures.TryGet(request.Name, request.StoredLength, out SourceError remembered)) return (null, false, remembered);
            flight = new Flight(request);
            _flights.Add(key, flight);
            return (flight, true, SourceError.None);
        }
    }

    private async ValueTask<Fetched> RideAsync(
        Flight flight, bool isFirst, BlockRequest request, Memory<byte> destination, CancellationToken cancellationToken)
    {
        void Raise(BlockRequest raised) => flight.Request.RaiseTo(raised.Class);
        request.Raised += Raise;
        try
        {
            flight.Request.RaiseTo(request.Class);
            if (isFirst) flight.Start(FlyAsync(flight));
            Fetched fetched = await flight.Landing.WaitAsync(request.Deadline.Remaining, _time, cancellationToken);
            return fetched.Succeeded ? Fetched.Of(fetched.Block.CopyTo(destination)) : fetched;
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
            if (Leave(flight)) await flight.EndAsync();
        }
    }

    private async Task<Fetched> FlyAsync(Flight flight)
    {
        Fetched fetched = await _inner.FetchAsync(flight.Request, flight.Buffer, flight.Token);
        lock (_lock)
        {
            _flights.Remove((flight.Request.Name, flight.Request.StoredLength));
            if (fetched.Error is not (SourceError.None or SourceError.Cancelled)) _failures.Note(flight.Request.Name, flight.Request.StoredLength, fetched.Error);
        }

        return fetched;
    }

    /// <returns>Whether the last asker left.</returns>
    private bool Leave(Flight flight)
    {
        lock (_lock)
        {
            if (--flight.Askers > 0) return false;

            // Still flying where it was left by all: nobody may board what is about to be cancelled.
            (BlockName, int) key = (flight.Request.Name, flight.Request.StoredLength);
            if (_flights.TryGetValue(key, out Flight? current) && ReferenceEquals(current, flight)) _flights.Remove(key);
            return true;
        }
    }
}
