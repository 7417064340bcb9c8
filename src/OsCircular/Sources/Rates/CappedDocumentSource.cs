namespace OsCircular.Sources.Rates;

/// <summary>
/// Documents within a cap that they share with blocks. Each takes its turn at once and waits for what was taken before it, so that blocks that queue never
/// starve a reader who needs a page first.
/// </summary>
public sealed class CappedDocumentSource(IDocumentSource inner, RateCap cap, TimeProvider time) : IDocumentSource
{
    // How long one is, is known only when it is there; index pages, by far the most, have about this.
    private const int UsualLength = 32 * 1024;

    /// <inheritdoc/>
    public async ValueTask<FetchedDocument> FetchAsync(DocumentName name, Deadline deadline, CancellationToken cancellationToken)
    {
        if (!cap.TryTake(UsualLength, deadline.Remaining, out TimeSpan wait)) return SourceError.TimedOut;
        int used = 0;
        try
        {
            if (wait > TimeSpan.Zero) await Task.Delay(wait, time, cancellationToken).ConfigureAwait(false);
            FetchedDocument fetched = await inner.FetchAsync(name, deadline, cancellationToken).ConfigureAwait(false);
            used = fetched.Bytes.Length;
            return fetched;
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            return SourceError.Cancelled;
        }
        finally
        {
            cap.Take(used - UsualLength);
        }
    }

    public override string ToString() => inner.ToString()!;
}
