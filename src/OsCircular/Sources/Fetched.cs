using OsCircular.Blocks;

namespace OsCircular.Sources;

/// <summary>The outcome of a block fetch: a verified block file in the asker's buffer, or why there is none.</summary>
/// <param name="Error"><see cref="SourceError.None"/> exactly where <paramref name="Block"/> is valid.</param>
/// <param name="Block">Lies in the buffer that the asker passed; <c>default</c> on error.</param>
public readonly record struct Fetched(SourceError Error, StoredBlock Block)
{
    public bool Succeeded => Error == SourceError.None;

    public static Fetched Of(StoredBlock block) => new(SourceError.None, block);
    public static implicit operator Fetched(SourceError error) => new(error, default);
}

/// <summary>The outcome of a document fetch: bytes whose SHA-256 is the name asked for, or why there are none.</summary>
public readonly record struct FetchedDocument(SourceError Error, ReadOnlyMemory<byte> Bytes)
{
    public bool Succeeded => Error == SourceError.None;

    public static implicit operator FetchedDocument(SourceError error) => new(error, default);

    /// <summary>The only way to a successful outcome: bytes that hash to the name; else <see cref="SourceError.Invalid"/>.</summary>
    public static FetchedDocument Verify(DocumentName name, ReadOnlyMemory<byte> bytes) =>
        Digest.Of(bytes.Span) == name.Digest ? new FetchedDocument(SourceError.None, bytes) : SourceError.Invalid;
}

/// <summary>The outcome of a head fetch: the head file's bytes, not verified, or why there are none.</summary>
/// <param name="Detail">One line for people that says more than the error; null where there is no more to say.</param>
public readonly record struct FetchedHead(SourceError Error, ReadOnlyMemory<byte> Bytes, string? Detail = null)
{
    public bool Succeeded => Error == SourceError.None;

    public static implicit operator FetchedHead(SourceError error) => new(error, default);
}
