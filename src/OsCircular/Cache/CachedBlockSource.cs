using OsCircular.Sources;

namespace OsCircular.Cache;

/// <summary>
/// Adds the cache to a source: local first. Put a <see cref="KeepingSource"/> behind it, and a damaged block file is fetched and stored anew within the same call.
/// A fault of the cache counts as a miss and never reaches the reader.
/// </summary>
/// <param name="store">The cache.</param>
/// <param name="upstream">Asked where the cache has no good copy.</param>
/// <param name="countsMisses">False where whoever asks has looked before, and counted: then a look is only for what came in since.</param>
public sealed class CachedBlockSource(BlockStore store, IBlockSource upstream, bool countsMisses = true) : IBlockSource
{
    /// <inheritdoc/>
    public async ValueTask<Fetched> FetchAsync(BlockRequest request, Memory<byte> destination, CancellationToken cancellationToken)
    {
        Fetched held = await store.ReadAsync(request, destination).ConfigureAwait(false);
        if (held.Succeeded) return held;
        if (countsMisses) store.CountMiss();
        return await upstream.FetchAsync(request, destination, cancellationToken).ConfigureAwait(false);
    }

    public override string ToString() => $"cache -> {upstream}";
}
