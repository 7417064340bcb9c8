namespace OsCircular.Sources;

/// <summary>The end of a chain that has nowhere to ask: a host without mirrors lives on what its cache holds.</summary>
public sealed class NowhereSource : IBlockSource, IDocumentSource
{
    public ValueTask<Fetched> FetchAsync(BlockRequest request, Memory<byte> destination, CancellationToken cancellationToken) => new(SourceError.Unreachable);

    public ValueTask<FetchedDocument> FetchAsync(DocumentName name, Deadline deadline, CancellationToken cancellationToken) => new(SourceError.Unreachable);

    public override string ToString() => "nowhere";
}
