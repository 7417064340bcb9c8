namespace OsCircular.Sources;

/// <summary>One source of documents, and another for what the first does not yield; patient as <see cref="FallbackSource"/> is.</summary>
/// <param name="first">Asked first.</param>
/// <param name="second">Asked for what the first does not yield.</param>
/// <param name="share">What the first may take of the first half of the time, 0 to 1.</param>
/// <param name="patience">The clock of the pauses between asks; null: it asks once.</param>
public sealed class FallbackDocumentSource(IDocumentSource first, IDocumentSource second, double share = 0.5, TimeProvider? patience = null) : IDocumentSource
{
    /// <inheritdoc/>
    public async ValueTask<FetchedDocument> FetchAsync(DocumentName name, Deadline deadline, CancellationToken cancellationToken)
    {
        for (;;)
        {
            FetchedDocument fetched = await AskAsync(name, deadline, cancellationToken).ConfigureAwait(false);
            if (fetched.Error != SourceError.Refused || patience is null || cancellationToken.IsCancellationRequested) return fetched;
            TimeSpan pause = FallbackRule.PauseFor(FetchClass.Reader, (uint)name.Digest.GetHashCode());
            if (deadline.Remaining <= pause) return fetched;
            await Task.Delay(pause, patience, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async ValueTask<FetchedDocument> AskAsync(DocumentName name, Deadline deadline, CancellationToken cancellationToken)
    {
        FetchedDocument fetched = await FirstAsync(name, deadline, cancellationToken).ConfigureAwait(false);
        if (fetched.Succeeded || cancellationToken.IsCancellationRequested) return fetched;
        if (deadline.HasPassed) return SourceError.TimedOut;
        FetchedDocument other = await second.FetchAsync(name, deadline, cancellationToken).ConfigureAwait(false);
        return other.Succeeded ? other : FallbackRule.Telling(fetched.Error, other.Error);
    }

    private async ValueTask<FetchedDocument> FirstAsync(DocumentName name, Deadline deadline, CancellationToken cancellationToken)
    {
        TimeSpan limit = deadline.Remaining / 2 * share;
        if (limit == TimeSpan.Zero) return SourceError.TimedOut;
        using var timeout = new CancellationTokenSource(limit, deadline.Time);
        await using CancellationTokenRegistration link = cancellationToken.UnsafeRegister(static source => ((CancellationTokenSource)source!).Cancel(), timeout);
        FetchedDocument fetched = await first.FetchAsync(name, deadline, timeout.Token).ConfigureAwait(false);
        return fetched.Error == SourceError.Cancelled && !cancellationToken.IsCancellationRequested ? SourceError.TimedOut : fetched;
    }
}
