using System.Collections.Concurrent;

namespace OsCircular.Sources;

/// <summary>
/// A document is fetched once on a host, however many ask for it, itself or for a peer. The fetch goes on when its askers have left: documents are small,
/// and whoever asked will ask again.
/// </summary>
/// <param name="inner">What fetches.</param>
/// <param name="limit">Of one fetch.</param>
/// <param name="time">Of every wait.</param>
public sealed class SingleFlightDocumentSource(IDocumentSource inner, TimeSpan limit, TimeProvider time) : IDocumentSource, IAsyncDisposable
{
    private readonly ConcurrentDictionary<DocumentName, Lazy<Task<FetchedDocument>>> _flights = new();
    private readonly CancellationTokenSource _stopping = new();

    /// <inheritdoc/>
    public async ValueTask<FetchedDocument> FetchAsync(DocumentName name, Deadline deadline, CancellationToken cancellationToken)
    {
        if (_stopping.IsCancellationRequested) return SourceError.Cancelled;
        Lazy<Task<FetchedDocument>> flight = _flights.GetOrAdd(name, static (name, source) => new(() => source.FlyAsync(name)), this);
        try
        {
            return await flight.Value.WaitAsync(deadline.Remaining, time, cancellationToken).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            return SourceError.Cancelled;
        }
        catch (TimeoutException)
        {
            return SourceError.TimedOut;
        }
    }

    /// <summary>Cancels what is under way, and awaits it.</summary>
    public async ValueTask DisposeAsync()
    {
        if (_stopping.IsCancellationRequested) return;
        await _stopping.CancelAsync().ConfigureAwait(false);
        await ((Task)Task.WhenAll(_flights.Values.Select(flight => flight.Value))).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _stopping.Dispose();
    }

    private async Task<FetchedDocument> FlyAsync(DocumentName name)
    {
        // Off the asker's thread, and out of the dictionary only after it was in.
        await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
        try
        {
            return await inner.FetchAsync(name, Deadline.In(limit, time), _stopping.Token).ConfigureAwait(false);
        }
        finally
        {
            _flights.TryRemove(name, out _);
        }
    }
}
