using OsCircular.Blocks;
using OsCircular.Sources;

namespace OsCircular.Publishing.Mirroring;

/// <summary>A file that the source does not yield, or yields wrong: the copying ends, and its old head stays.</summary>
internal sealed class CopyFault(SourceError error, string message) : Exception(message)
{
    public SourceError Error { get; } = error;
}

/// <summary>Documents of a copy: those it has, and those it lacks.</summary>
internal static class CopyFiles
{
    /// <summary>For one file.</summary>
    public static readonly TimeSpan FileLimit = TimeSpan.FromMinutes(5);

    /// <summary>A document that the copy has; null where it is missing or not what its name says.</summary>
    public static byte[]? Held(string root, DocumentName name)
    {
        string path = Path.Combine(root, name.Path);
        if (!File.Exists(path)) return null;
        return BoundedFile.TryRead(path, name.MaxLength) is { } bytes && Digest.Of(bytes) == name.Digest ? bytes : null;
    }

    /// <exception cref="CopyFault">It cannot be had.</exception>
    public static async ValueTask<ReadOnlyMemory<byte>> FetchAsync(IDocumentSource source, DocumentName name, TimeProvider time, CancellationToken cancellationToken)
    {
        FetchedDocument fetched = await source.FetchAsync(name, Deadline.In(FileLimit, time), cancellationToken).ConfigureAwait(false);
        cancellationToken.ThrowIfCancellationRequested();
        return fetched.Succeeded ? fetched.Bytes : throw new CopyFault(fetched.Error, $"{name.Path} could not be had ({fetched.Error.ToString().ToLowerInvariant()})");
    }
}
