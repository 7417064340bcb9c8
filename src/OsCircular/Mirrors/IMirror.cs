using OsCircular.Sources;
using OsCircular.Sources.Transfers;

namespace OsCircular.Mirrors;

/// <summary>
/// One copy of a repository: a web server's folder or a local one. Yields files by their path and vouches for nothing.
/// May be called in parallel. Asks once: who retries, ranks and verifies is <see cref="MirrorSource"/>.
/// </summary>
public interface IMirror : IDisposable
{
    /// <summary>The URL or folder, without credentials: fit for logs, metrics and messages.</summary>
    string Name { get; }

    /// <summary>Reads one file.</summary>
    /// <param name="path">Relative, with forward slashes, as <see cref="RepositoryPaths"/> makes it.</param>
    /// <param name="body">Lent until the task completes: the file goes there, and its limit holds.</param>
    /// <param name="noCache">Ask proxies on the way for a fresh copy.</param>
    /// <param name="cancellationToken">Ends the attempt with <see cref="SourceError.Cancelled"/>.</param>
    /// <returns>
    /// <see cref="SourceError.None"/> where <paramref name="body"/> holds the whole file. <see cref="SourceError.Invalid"/> where its length cannot be right,
    /// <see cref="SourceError.Unreachable"/> where it broke off. Never throws for what a network, a disk or a cancellation does.
    /// </returns>
    ValueTask<TransferAnswer> GetAsync(string path, BodyBuffer body, bool noCache, CancellationToken cancellationToken);
}
