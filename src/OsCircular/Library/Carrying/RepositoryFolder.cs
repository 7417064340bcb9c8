using Microsoft.Win32.SafeHandles;
using OsCircular.Blocks;
using OsCircular.Cache;
using OsCircular.Sources;

namespace OsCircular.Library.Carrying;

/// <summary>
/// The files of a repository or a cache, read where they lie and verified. No lock is taken: all but the head never change, and one that an agent evicts meanwhile
/// is missing. Thread-safe.
/// </summary>
/// <param name="path">The folder.</param>
internal sealed class RepositoryFolder(string path) : IDocumentSource
{
    public string Path => path;

    /// <summary>The head's bytes, not verified; null where there is none.</summary>
    /// <exception cref="IOException">It cannot be read.</exception>
    public byte[]? TryReadHead() => TryRead(RepositoryPaths.Head, RepositoryPaths.MaxHeadLength);

    /// <summary>Whether a file of that name is there; not verified.</summary>
    public bool Holds(BlockName name) => File.Exists(Of(RepositoryPaths.Block(name)));

    /// <inheritdoc/>
    public ValueTask<FetchedDocument> FetchAsync(DocumentName name, Deadline deadline, CancellationToken cancellationToken)
    {
        try
        {
            return new(TryRead(name.Path, name.MaxLength) is { } bytes ? FetchedDocument.Verify(name, bytes) : SourceError.Missing);
        }
        catch (IOException)
        {
            return new(SourceError.Unreachable);
        }
    }

    /// <summary>Reads and verifies a block file.</summary>
    /// <param name="name">Which.</param>
    /// <param name="storedLength">Bytes, as the index row says.</param>
    /// <param name="destination">At least as long.</param>
    public Fetched Read(BlockName name, int storedLength, Memory<byte> destination)
    {
        try
        {
            using SafeFileHandle? file = ReadOnlyFile.Open(Of(RepositoryPaths.Block(name)));
            if (file is null) return SourceError.Missing;
            Memory<byte> bytes = destination[..storedLength];
            bool isAll = RandomAccess.GetLength(file) == storedLength && ReadAll(file, bytes.Span) == storedLength;
            return isAll && StoredBlock.TryVerify(name, bytes, out StoredBlock block) ? Fetched.Of(block) : SourceError.Invalid;
        }
        catch (IOException)
        {
            return SourceError.Unreachable;
        }
    }

    private byte[]? TryRead(string relative, int longest)
    {
        using SafeFileHandle? file = ReadOnlyFile.Open(Of(relative));
        if (file is null) return null;
        byte[] bytes = new byte[Math.Min(RandomAccess.GetLength(file), longest + 1L)];
        return bytes.AsSpan(0, ReadAll(file, bytes)).ToArray();
    }

    private static int ReadAll(SafeFileHandle file, Span<byte> destination)
    {
        int done = 0;
        for (int got = -1; done < destination.Length && got != 0; done += got) got = RandomAccess.Read(file, destination[done..], done);
        return done;
    }

    private string Of(string relative) => System.IO.Path.Combine(path, relative);
}
