using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Text;

namespace OsCircular.Fuse.Holding;

/// <summary>
/// What the holder itself has to know of a mount, so that it can end it. It stands before the hand-over, which the holder never looks into: that may be
/// in the format of a program much newer than itself.
/// </summary>
/// <param name="MountPoint">As the mount table has it.</param>
/// <param name="MountDevice">MAJOR:MINOR.</param>
internal sealed record HolderMount(string MountPoint, string MountDevice)
{
    /// <summary>Bytes.</summary>
    public const int MaxLength = 8 << 10;

    /// <summary>Two texts in UTF-8, each after its length in two bytes.</summary>
    public byte[] Write()
    {
        byte[] mountPoint = Encoding.UTF8.GetBytes(MountPoint), device = Encoding.UTF8.GetBytes(MountDevice);
        var bytes = new byte[4 + mountPoint.Length + device.Length];
        if (bytes.Length > MaxLength) throw new FuseException($"{MountPoint}: too long a path for a mount that outlives its agent; choose a shorter one");
        BinaryPrimitives.WriteUInt16LittleEndian(bytes, (ushort)mountPoint.Length);
        mountPoint.CopyTo(bytes.AsSpan(2));
        BinaryPrimitives.WriteUInt16LittleEndian(bytes.AsSpan(2 + mountPoint.Length), (ushort)device.Length);
        device.CopyTo(bytes.AsSpan(4 + mountPoint.Length));
        return bytes;
    }

    /// <param name="bytes">What <see cref="Write"/> wrote, and more; moved past it.</param>
    /// <param name="mount">The mount.</param>
    public static bool TryRead(ref ReadOnlySpan<byte> bytes, [NotNullWhen(true)] out HolderMount? mount)
    {
        mount = null;
        if (!TryReadText(ref bytes, out string? mountPoint) || !TryReadText(ref bytes, out string? device)) return false;
        if (!mountPoint.StartsWith('/')) return false;
        mount = new HolderMount(mountPoint, device);
        return true;
    }

    private static bool TryReadText(ref ReadOnlySpan<byte> bytes, [NotNullWhen(true)] out string? text)
    {
        text = null;
        if (bytes.Length < 2) return false;
        int length = BinaryPrimitives.ReadUInt16LittleEndian(bytes);
        if (length > bytes.Length - 2) return false;
        text = Encoding.UTF8.GetString(bytes.Slice(2, length));
        bytes = bytes[(2 + length)..];
        return true;
    }
}
