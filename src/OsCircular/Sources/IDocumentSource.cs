namespace OsCircular.Sources;

/// <summary>Anything that yields manifests, index pages and profiles by digest. May be called in parallel.</summary>
public interface IDocumentSource
{
    /// <summary>Fetches one document, bounded by <see cref="DocumentName.MaxLength"/> before it is read whole, and verified.</summary>
    /// <param name="name">The document.</param>
    /// <param name="deadline">When the asker stops waiting.</param>
    /// <param name="cancellationToken">Ends the fetch with <see cref="SourceError.Cancelled"/>.</param>
    /// <returns>Bytes that the caller owns, or the error; never throws for what a network, a disk or a cancellation does.</returns>
    ValueTask<FetchedDocument> FetchAsync(DocumentName name, Deadline deadline, CancellationToken cancellationToken);
}

/// <summary>A place that holds a copy of the one mutable file, the head.</summary>
public interface IHeadSource
{
    /// <summary>For messages: the mirror's URL, without credentials.</summary>
    string Name { get; }

    /// <summary>Fetches the head as it stands there now, at most <see cref="RepositoryPaths.MaxHeadLength"/> bytes. Nothing about it is verified.</summary>
    ValueTask<FetchedHead> FetchHeadAsync(Deadline deadline, CancellationToken cancellationToken);
}
