using System.Collections.Concurrent;
using OsCircular.Blocks;

namespace OsCircular.Sources;

/// <summary>Knows what is being fetched through it at this moment: so that a peer can be told to wait instead of fetching it too.</summary>
public sealed class UnderWaySource(IBlockSource inner) : IBlockSource
{
    private readonly ConcurrentDictionary<BlockName, int> _names = new();

    /// <summary>Whether a fetch of that block has begun and not ended.</summary>
    public bool IsUnderWay(BlockName name) => _names.ContainsKey(name);

    /// <inheritdoc/>
    public async ValueTask<Fetched> FetchAsync(BlockRequest request, Memory<byte> destination, CancellationToken cancellationToken)
    {
        _names.AddOrUpdate(request.Name, 1, static (_, count) => count + 1);
        try
        {
            return await inner.FetchAsync(request, destination, cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            // Two fetches of one name are rare (two lengths): the count keeps the first to end from hiding the other.
            if (_names.AddOrUpdate(request.Name, 0, static (_, count) => count - 1) == 0) _names.TryRemove(new(request.Name, 0));
        }
    }

    public override string ToString() => inner.ToString()!;
}
