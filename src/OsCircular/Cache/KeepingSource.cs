using OsCircular.Sources;

namespace OsCircular.Cache;

/// <summary>Keeps in the cache what a source yields. Where it cannot be kept, it is used all the same.</summary>
/// <param name="store">The cache.</param>
/// <param name="upstream">Whoever yields it.</param>
/// <param name="from">What the upstream is, for the catalogue.</param>
public sealed class KeepingSource(BlockStore store, IBlockSource upstream, SourceKind from) : IBlockSource
{
    /// <inheritdoc/>
    public async ValueTask<Fetched> FetchAsync(BlockRequest request, Memory<byte> destination, CancellationToken cancellationToken)
    {
        // Room first: what is fetched without it would break the quota's promise.
        using CacheReservation? reservation = await store.ReserveAsync(request.StoredLength).ConfigureAwait(false);
        Fetched fetched = await upstream.FetchAsync(request, destination, cancellationToken).ConfigureAwait(false);
        if (!fetched.Succeeded) return fetched;
        if (reservation is null || !await store.StoreAsync(fetched.Block, reservation, from).ConfigureAwait(false)) store.CountNotStored();
        return fetched;
    }

    public override string ToString() => upstream.ToString()!;
}
