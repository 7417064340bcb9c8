using ZstdNet;

namespace OsCircular.Blocks;

/// <summary>Turns block files into blocks. Not thread-safe: one for each thread, kept and reused (a zstd context is about 150 KiB).</summary>
public sealed class BlockDecoder : IDisposable
{
    private readonly Decompressor _zstd = new();

    /// <summary>Decodes a whole block file; allocates nothing unless the frame is malformed.</summary>
    /// <param name="encoding">As the index row says.</param>
    /// <param name="stored">Bytes already verified against their name: nothing unverified reaches the decompressor.</param>
    /// <param name="destination">Exactly as long as the block: the bound on what a frame may unfold to.</param>
    /// <returns>False where the block file is no whole encoding of exactly that many bytes.</returns>
    public bool TryDecode(BlockEncoding encoding, ReadOnlySpan<byte> stored, Span<byte> destination)
    {
        switch (encoding)
        {
            case BlockEncoding.Raw:
                if (stored.Length != destination.Length) return false;
                stored.CopyTo(destination);
                return true;
            case BlockEncoding.Zstd:
                return TryUnwrap(stored, destination);
            default:
                return false;
        }
    }

    private bool TryUnwrap(ReadOnlySpan<byte> stored, Span<byte> destination)
    {
        try
        {
            return Decompressor.GetDecompressedSize(stored) == (ulong)destination.Length
                && _zstd.Unwrap(stored, destination, bufferSizePrecheck: false) == destination.Length;
        }
        catch (ZstdException)
        {
            return false;
        }
    }

    public void Dispose() => _zstd.Dispose();
}
