using System.Collections.Concurrent;
using OsCircular.Blocks;
using OsCircular.Sources;

namespace OsCircular.TestKit.Sources;

/// <summary>Documents and a head in memory. Set <see cref="Failure"/> to let every call fail.</summary>
public sealed class FakeDocumentSource : IDocumentSource, IHeadSource
{
    private readonly ConcurrentDictionary<DocumentName, byte[]> _held = new();
    private int _calls;

    public FakeDocumentSource(string name = "fake") => Name = name;

    public string Name { get; }
    public int Calls => Volatile.Read(ref _calls);
    public byte[]? Head { get; set; }
    public SourceError Failure { get; set; }

    public DocumentName Add(DocumentKind kind, byte[] bytes)
    {
        var name = new DocumentName(kind, Digest.Of(bytes));
        _held[name] = bytes;
        return name;
    }

    /// <summary>Puts bytes under a name that is not theirs.</summary>
    public void AddDamaged(DocumentName name, byte[] bytes) => _held[name] = bytes;

    public ValueTask<FetchedDocument> FetchAsync(DocumentName name, Deadline deadline, CancellationToken cancellationToken)
    {
        SourceError error = Begin(deadline, cancellationToken);
        if (error != SourceError.None) return ValueTask.FromResult<FetchedDocument>(error);
        return ValueTask.FromResult(
            _held.TryGetValue(name, out byte[]? bytes) ? FetchedDocument.Verify(name, bytes) : (FetchedDocument)SourceError.Missing);
    }

    public ValueTask<FetchedHead> FetchHeadAsync(Deadline deadline, CancellationToken cancellationToken)
    {
        SourceError error = Begin(deadline, cancellationToken);
        if (error == SourceError.None && Head is null) error = SourceError.Missing;
        return ValueTask.FromResult(error == SourceError.None ? new FetchedHead(SourceError.None, Head) : error);
    }

    public override string ToString() => Name;

    private SourceError Begin(Deadline deadline, CancellationToken cancellationToken)
    {
        Interlocked.Increment(ref _calls);
        if (cancellationToken.IsCancellationRequested) return SourceError.Cancelled;
        return deadline.HasPassed ? SourceError.TimedOut : Failure;
    }
}
