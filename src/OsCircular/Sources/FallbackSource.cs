namespace OsCircular.Sources;

/// <summary>One source, and another for what the first does not yield. Told to be patient, it asks again where the first is only busy and the second has nothing.</summary>
public sealed class FallbackSource : IBlockSource
{
    private readonly IBlockSource _first;
    private readonly IBlockSource _second;
    private readonly double _share;
    private readonly TimeProvider? _patience;

    /// <param name="share">What the first may take of the first half of a request's time, 0 to 1: the second begins within that half, and has all that is left.</param>
    /// <param name="patience">The clock of the pauses between asks, which go on until the deadline; null: it asks once.</param>
    public FallbackSource(IBlockSource first, IBlockSource second, double share = 0.5, TimeProvider? patience = null)
    {
        _first = first;
        _second = second;
        _share = share;
        _patience = patience;
    }

    /// <inheritdoc/>
    public async ValueTask<Fetched> FetchAsync(BlockRequest request, Memory<byte> destination, CancellationToken cancellationToken)
    {
        for (;;)
        {
            Fetched fetched = await AskAsync(request, destination, cancellationToken);
            if (fetched.Error != SourceError.Refused || _patience is null || cancellationToken.IsCancellationRequested) return fetched;
            TimeSpan pause = FallbackRule.PauseFor(request.Class, (uint)request.Name.GetHashCode());
            if (request.Deadline.Remaining <= pause) return fetched;
            await Task.Delay(pause, _patience, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    public override string ToString() => $"({_first} | {_second})";

    private async ValueTask<Fetched> AskAsync(BlockRequest request, Memory<byte> destination, CancellationToken cancellationToken)
    {
        Fetched first = await FirstAsync(request, destination, cancellationToken);
        if (first.Succeeded || cancellationToken.IsCancellationRequested) return first;
        if (request.Deadline.HasPassed) return SourceError.TimedOut;

        Fetched second = await _second.FetchAsync(request, destination, cancellationToken);

        return second.Succeeded ? second : FallbackRule.Telling(first.Error, second.Error);
    }

    private async ValueTask<Fetched> FirstAsync(BlockRequest request, Memory<byte> destination, CancellationToken cancellationToken)
    {
        TimeSpan limit = request.Deadline.RemainingOfFirstHalf * _share;
        if (limit == TimeSpan.Zero) limit = request.Deadline.Remaining / 2;
        if (limit == TimeSpan.Zero) return SourceError.TimedOut;
        using var timeout = new CancellationTokenSource(limit, request.Deadline.Time);
        await using CancellationTokenRegistration link = cancellationToken.UnsafeRegister(static source => ((CancellationTokenSource)source!).Cancel(), timeout);
        Fetched fetched = await _first.FetchAsync(request, destination, timeout.Token);
        return fetched.Error == SourceError.Cancelled && !cancellationToken.IsCancellationRequested ? SourceError.TimedOut : fetched;
    }
}
