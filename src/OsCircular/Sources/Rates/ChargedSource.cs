namespace OsCircular.Sources.Rates;

/// <summary>Blocks that are rare enough not to wait for a cap, and are counted in it: what queues for it waits for them.</summary>
public sealed class ChargedSource(IBlockSource inner, RateCap cap) : IBlockSource
{
    /// <inheritdoc/>
    public async ValueTask<Fetched> FetchAsync(BlockRequest request, Memory<byte> destination, CancellationToken cancellationToken)
    {
        Fetched fetched = await inner.FetchAsync(request, destination, cancellationToken).ConfigureAwait(false);
        if (fetched.Succeeded) cap.Take(request.StoredLength);
        return fetched;
    }

    public override string ToString() => inner.ToString()!;
}
