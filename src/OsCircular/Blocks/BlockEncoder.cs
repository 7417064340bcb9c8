using ZstdNet;

namespace OsCircular.Blocks;

/// <summary>Turns blocks into block files. Not thread-safe: one for each thread.</summary>
public sealed class BlockEncoder : IDisposable
{
    public const int DefaultLevel = 3;
    public const int MinLevel = 1;
    public const int MaxLevel = 19;

    private readonly CompressionOptions _options;
    private readonly Compressor _zstd;

    /// <param name="level">zstd level, <see cref="MinLevel"/> to <see cref="MaxLevel"/>.</param>
    public BlockEncoder(int level = DefaultLevel)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(level, MinLevel);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(level, MaxLevel);
        _options = new CompressionOptions(level);
        _zstd = new Compressor(_options);
    }

    /// <summary>Bytes that <see cref="Encode"/> needs as room for a block of this length.</summary>
    public static int RoomFor(int blockLength) => Compressor.GetCompressBound(blockLength);

    /// <summary>Encodes one block: as a zstd frame, or raw where the frame would not be smaller.</summary>
    /// <param name="block">The uncompressed block.</param>
    /// <param name="destination">At least <see cref="RoomFor"/> bytes.</param>
    /// <returns>The length written, at most the block's own, and how.</returns>
    public (int Length, BlockEncoding Encoding) Encode(ReadOnlySpan<byte> block, Span<byte> destination)
    {
        int length = _zstd.Wrap(block, destination);
        if (length < block.Length) return (length, BlockEncoding.Zstd);
        block.CopyTo(destination);
        return (block.Length, BlockEncoding.Raw);
    }

    public void Dispose()
    {
        _zstd.Dispose();
        _options.Dispose();
    }
}
