namespace OsCircular.Blocks;

/// <summary>
/// Block file bytes whose SHA-1 is their name: what cache, mirrors and peers handle. Verifying is the only way to have one.
/// Does not own its memory: whoever lent the buffer keeps it alive and unchanged while this is used.
/// </summary>
public readonly struct StoredBlock
{
    /// <summary>No block file is longer: a block that zstd does not shrink is stored raw.</summary>
    public const int MaxLength = BlockGeometry.MaxBlockSize;

    private StoredBlock(BlockName name, ReadOnlyMemory<byte> bytes)
    {
        Name = name;
        Bytes = bytes;
    }

    public BlockName Name { get; }

    /// <summary>Never empty, except in <c>default</c>.</summary>
    public ReadOnlyMemory<byte> Bytes { get; }

    /// <summary>Hashes <paramref name="bytes"/>; false where they are not the block file of that name.</summary>
    public static bool TryVerify(BlockName name, ReadOnlyMemory<byte> bytes, out StoredBlock block)
    {
        bool good = bytes.Length is > 0 and <= MaxLength && BlockName.Of(bytes.Span) == name;
        block = good ? new StoredBlock(name, bytes) : default;
        return good;
    }

    /// <summary>The same block in memory of another lifetime. What was verified need not be again; the memory it lies in must still be unchanged.</summary>
    /// <param name="destination">At least as long as <see cref="Bytes"/>.</param>
    public StoredBlock CopyTo(Memory<byte> destination)
    {
        Bytes.CopyTo(destination);
        return new StoredBlock(Name, destination[..Bytes.Length]);
    }
}
