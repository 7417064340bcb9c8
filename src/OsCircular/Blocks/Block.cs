namespace OsCircular.Blocks;

/// <summary>
/// A block mapped by an index row: its file's SHA-1, its encoding, its length and its SHA-256 are what the row says.
/// Mapping is the only way to have one. Does not own its memory.
/// </summary>
public readonly struct Block
{
    private Block(in BlockRow row, ReadOnlyMemory<byte> bytes)
    {
        Row = row;
        Bytes = bytes;
    }

    public BlockRow Row { get; }
    public ReadOnlyMemory<byte> Bytes { get; }

    /// <summary>Decodes <paramref name="stored"/> into <paramref name="destination"/> and checks it against the row.</summary>
    /// <param name="row">What the signed index says stands here.</param>
    /// <param name="stored">The block file, already verified against its name.</param>
    /// <param name="proven">True where this very name was shown before to hold this very SHA-256: then it is not computed again.</param>
    /// <param name="decoder">Used by this call alone while it runs.</param>
    /// <param name="destination">Exactly the block's length; its content is undefined where the result is false.</param>
    /// <param name="block">The mapped block, in <paramref name="destination"/>.</param>
    /// <returns>False where the stored block is not what the row says.</returns>
    public static bool TryMap(in BlockRow row, in StoredBlock stored, bool proven, BlockDecoder decoder, Memory<byte> destination, out Block block)
    {
        block = default;
        if (stored.Name != row.Name || stored.Bytes.Length != row.StoredLength) return false;
        if (!decoder.TryDecode(row.Encoding, stored.Bytes.Span, destination.Span)) return false;
        if (!proven && Digest.Of(destination.Span) != row.Content) return false;
        block = new Block(row, destination);
        return true;
    }
}
