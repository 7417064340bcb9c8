namespace OsCircular.Sources;

/// <summary>
/// Anything that yields a block file by its name: the cache, a mirror, the peers, or a wrapper named for what it adds to one.
/// May be called in parallel. Does not retry after it has answered; what it retries inside is its own affair, within the request's deadline.
/// </summary>
public interface IBlockSource
{
    /// <summary>Fetches and verifies one block file.</summary>
    /// <param name="request">What is wanted, how urgently, and until when.</param>
    /// <param name="destination">
    /// At least <see cref="BlockRequest.StoredLength"/> bytes, lent by the caller until the task completes; its content is undefined on error.
    /// The source writes to it only while the task runs: one that races two attempts gives each a buffer of its own.
    /// </param>
    /// <param name="cancellationToken">Ends the fetch with <see cref="SourceError.Cancelled"/>.</param>
    /// <returns>
    /// The block, lying in <paramref name="destination"/>, or the error. Never throws for what a network, a disk or a cancellation does.
    /// <see cref="SourceError.Missing"/> only where every place asked said so.
    /// </returns>
    ValueTask<Fetched> FetchAsync(BlockRequest request, Memory<byte> destination, CancellationToken cancellationToken);

    /// <summary>The chain from here down, as printed at start: <c>cache -> (a | b)</c>.</summary>
    string ToString();
}
