namespace OsCircular.Blocks;

/// <summary>How a block file holds its block.</summary>
public enum BlockEncoding : byte
{
    /// <summary>The block's bytes themselves: zstd did not make them smaller.</summary>
    Raw = 0,

    /// <summary>One zstd frame (RFC 8878) that declares its content size.</summary>
    Zstd = 1,
}

/// <summary>What the index says of one block that is not all zeros: how to find it and what it must be.</summary>
/// <param name="Name">SHA-1 of the block file.</param>
/// <param name="Content">SHA-256 of the uncompressed block.</param>
/// <param name="StoredLength">Length of the block file in bytes: 1 to the block's own length.</param>
/// <param name="Encoding">How the block file holds the block.</param>
public readonly record struct BlockRow(BlockName Name, Digest Content, int StoredLength, BlockEncoding Encoding);
