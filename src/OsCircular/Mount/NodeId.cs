using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace OsCircular.Mount;

/// <summary>What stands in the mounted tree. The numbers are part of the node ids: never reused, never changed.</summary>
public enum NodeKind : byte
{
    Root = 0,

    /// <summary><c>NAME</c>: a directory of versions.</summary>
    Image = 1,

    /// <summary><c>NAME/VERSION</c>: a directory with the disk.</summary>
    Version = 2,

    /// <summary><c>NAME/VERSION/disk.raw</c></summary>
    Disk = 3,

    /// <summary><c>NAME/latest</c>: a symbolic link to the newest version.</summary>
    Latest = 4,
}

/// <summary>
/// Node ids are a pure function of kind, image and version, so that an agent which takes over the connection of a killed one means the same file
/// by the same number: the first 63 bits of SHA-256("oscircular-node:1", NUL, kind, NUL, image, NUL, version).
/// </summary>
public static class NodeId
{
    /// <summary>FUSE_ROOT_ID, include/uapi/linux/fuse.h.</summary>
    public const ulong Root = 1;

    /// <summary>Ids below this are the root and the directory offsets of "." and "..".</summary>
    public const ulong FirstUsable = 4;

    /// <param name="kind">Anything but the root.</param>
    /// <param name="image">The image's name.</param>
    /// <param name="version">The version's name; empty where the kind has none.</param>
    public static ulong Of(NodeKind kind, string image, string version)
    {
        byte[] text = Encoding.ASCII.GetBytes($"oscircular-node:1\0{(int)kind}\0{image}\0{version}");
        Span<byte> digest = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(text, digest);
        // 2^-61 of all ids fall below the first usable one and move up; they stay a pure function of the name.
        return Math.Max(BinaryPrimitives.ReadUInt64BigEndian(digest) >> 1, FirstUsable);
    }
}
