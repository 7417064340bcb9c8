using System.Buffers.Binary;
using OsCircular.Blocks;

namespace OsCircular.Sources;

/// <summary>64 bits that stand for a name in summaries: the first eight bytes of its digest, big-endian. Uniform, for they are of a hash.</summary>
public static class HeldKey
{
    public static ulong Of(BlockName name)
    {
        Span<byte> bytes = stackalloc byte[BlockName.Size];
        name.CopyTo(bytes);
        return BinaryPrimitives.ReadUInt64BigEndian(bytes);
    }

    public static ulong Of(DocumentName name)
    {
        Span<byte> bytes = stackalloc byte[Digest.Size];
        name.Digest.CopyTo(bytes);
        return BinaryPrimitives.ReadUInt64BigEndian(bytes);
    }
}
