using OsCircular.Blocks;
using OsCircular.Sources;

namespace OsCircular.Cache;

/// <summary>
/// Adds the cache to a source: local first, else fetched and kept. A damaged block file is fetched and stored anew within the same call.
/// A fault of the cache counts as a miss and never reaches the reader.
/// </summary>
/// <param name="store">The cache.</param>
/// <param name="upstream">Asked where the cache has no good copy.</param>
/// <param name="from">What the upstream is, for the catalogue.</param>
public sealed class CachedBlockSource(BlockStore store, IBlockSource upstream, SourceKind from) : IBlockSource
{
    public async ValueTask<Fetched> FetchAsync(BlockRequest request, Memory<byte> destination, CancellationToken cancellationToken)
    {
        if (store.TryRead(request.Name, request.StoredLength, destination, out StoredBlock held) == SourceError.None) return Fetched.Of(held);
        store.CountMiss();

        // Room first: what is fetched without it would break the quota's promise.
        using CacheReservation? reservation = store.TryReserve(request.StoredLength);
        Fetched fetched = await upstream.FetchAsync(request, destination, cancellationToken).ConfigureAwait(false);
        if (!fetched.Succeeded) return fetched;
        if (reservation is null || !store.TryStore(fetched.Block, reservation, from)) store.CountNotStored();
        return fetched;
    }

    public override string ToString() => $"cache -> {upstream}";
}
