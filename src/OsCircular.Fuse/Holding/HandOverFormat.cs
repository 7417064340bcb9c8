using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Text;
using OsCircular.Fuse.Protocol;

namespace OsCircular.Fuse.Holding;

/// <summary>
/// The hand-over in bytes (Formats.md): a header, then fields in ascending order of their tags. A program passes over fields it does not know and writes them
/// again; what may not be passed over needs a higher version.
/// </summary>
public static class HandOverFormat
{
    public const ushort Version = 1;

    /// <summary>Bytes; longer ones are refused.</summary>
    public const int MaxLength = 16 << 10;

    private const int HeaderLength = 16;
    private const int FieldHeaderLength = 4;
    private const int ConnectionLength = 28;

    private const ushort MountPointTag = 1;
    private const ushort MountDeviceTag = 2;
    private const ushort IdentityTag = 3;
    private const ushort GenerationTag = 4;
    private const ushort ConnectionTag = 5;
    private const ushort UnprovenTag = 6;

    private static ReadOnlySpan<byte> Magic => "OCHANDOV"u8;

    public static byte[] Write(HandOver state)
    {
        List<HandOverField> fields =
        [
            new(MountPointTag, Encoding.UTF8.GetBytes(state.MountPoint)),
            new(MountDeviceTag, Encoding.UTF8.GetBytes(state.MountDevice)),
            new(IdentityTag, Encoding.UTF8.GetBytes(state.Identity)),
            new(GenerationTag, Number(state.Generation)),
            new(UnprovenTag, Number(state.Unproven)),
            .. state.Others,
        ];
        if (state.Connection is { } connection) fields.Add(new HandOverField(ConnectionTag, WriteConnection(connection)));
        return Join(fields);
    }

    /// <param name="bytes">From another process, perhaps of another version.</param>
    /// <param name="state">What they say.</param>
    /// <param name="problem">Why they cannot be used, for the user.</param>
    public static bool TryRead(ReadOnlySpan<byte> bytes, [NotNullWhen(true)] out HandOver? state, [NotNullWhen(false)] out string? problem)
    {
        state = null;
        problem = "it is damaged";
        if (bytes.Length is < HeaderLength or > MaxLength || !bytes.StartsWith(Magic)) return false;
        ushort version = BinaryPrimitives.ReadUInt16LittleEndian(bytes[8..]);
        if (version != Version)
        {
            problem = $"its format is {version}, and this program knows {Version} only";
            return false;
        }

        if (BinaryPrimitives.ReadUInt32LittleEndian(bytes[12..]) != bytes.Length) return false;
        if (!TrySplit(bytes[HeaderLength..], out Dictionary<ushort, byte[]> fields)) return false;
        state = Of(fields);
        if (state == null) return false;
        problem = null;
        return true;
    }

    private static byte[] Join(List<HandOverField> fields)
    {
        fields.Sort((left, right) => left.Tag.CompareTo(right.Tag));
        int length = HeaderLength + fields.Sum(field => FieldHeaderLength + field.Value.Length);
        if (length > MaxLength) throw new ArgumentException($"a hand-over of {length} bytes; {MaxLength} at most", nameof(fields));
        var bytes = new byte[length];
        Magic.CopyTo(bytes);
        BinaryPrimitives.WriteUInt16LittleEndian(bytes.AsSpan(8), Version);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(12), (uint)length);
        Span<byte> rest = bytes.AsSpan(HeaderLength);
        foreach (HandOverField field in fields)
        {
            BinaryPrimitives.WriteUInt16LittleEndian(rest, field.Tag);
            BinaryPrimitives.WriteUInt16LittleEndian(rest[2..], (ushort)field.Value.Length);
            field.Value.Span.CopyTo(rest[FieldHeaderLength..]);
            rest = rest[(FieldHeaderLength + field.Value.Length)..];
        }

        return bytes;
    }

    private static bool TrySplit(ReadOnlySpan<byte> rest, out Dictionary<ushort, byte[]> fields)
    {
        fields = [];
        int before = 0;
        while (!rest.IsEmpty)
        {
            if (rest.Length < FieldHeaderLength) return false;
            ushort tag = BinaryPrimitives.ReadUInt16LittleEndian(rest);
            int length = BinaryPrimitives.ReadUInt16LittleEndian(rest[2..]);
            rest = rest[FieldHeaderLength..];
            if (tag <= before || length > rest.Length) return false;
            fields.Add(tag, rest[..length].ToArray());
            rest = rest[length..];
            before = tag;
        }

        return true;
    }

    private static HandOver? Of(Dictionary<ushort, byte[]> fields)
    {
        if (!fields.Remove(MountPointTag, out byte[]? mountPoint) || mountPoint is not [(byte)'/', ..]) return null;
        if (!fields.Remove(MountDeviceTag, out byte[]? device) || !fields.Remove(IdentityTag, out byte[]? identity)) return null;
        if (!fields.Remove(GenerationTag, out byte[]? generation) || generation.Length != sizeof(uint)) return null;
        if (fields.Remove(UnprovenTag, out byte[]? unproven) && unproven.Length != sizeof(uint)) return null;
        FuseConnectionState? connection = null;
        if (fields.Remove(ConnectionTag, out byte[]? agreed) && !TryReadConnection(agreed, out connection)) return null;
        return new HandOver
        {
            MountPoint = Encoding.UTF8.GetString(mountPoint),
            MountDevice = Encoding.UTF8.GetString(device),
            Identity = Encoding.UTF8.GetString(identity),
            Generation = BinaryPrimitives.ReadUInt32LittleEndian(generation),
            Unproven = unproven == null ? 0 : BinaryPrimitives.ReadUInt32LittleEndian(unproven),
            Connection = connection,
            Others = [.. fields.OrderBy(field => field.Key).Select(field => new HandOverField(field.Key, field.Value))],
        };
    }

    private static byte[] Number(uint value)
    {
        var bytes = new byte[sizeof(uint)];
        BinaryPrimitives.WriteUInt32LittleEndian(bytes, value);
        return bytes;
    }

    private static byte[] WriteConnection(FuseConnectionState connection)
    {
        var bytes = new byte[ConnectionLength];
        BinaryPrimitives.WriteUInt32LittleEndian(bytes, connection.Minor);
        BinaryPrimitives.WriteUInt64LittleEndian(bytes.AsSpan(4), (ulong)connection.Offered);
        BinaryPrimitives.WriteUInt64LittleEndian(bytes.AsSpan(12), (ulong)connection.Agreed);
        BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(20), connection.MaxReadBytes);
        BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(24), connection.MaxWriteBytes);
        return bytes;
    }

    private static bool TryReadConnection(ReadOnlySpan<byte> bytes, [NotNullWhen(true)] out FuseConnectionState? connection)
    {
        connection = null;
        if (bytes.Length != ConnectionLength) return false;
        connection = new FuseConnectionState
        {
            Minor = BinaryPrimitives.ReadUInt32LittleEndian(bytes),
            Offered = (FuseInitFlags)BinaryPrimitives.ReadUInt64LittleEndian(bytes[4..]),
            Agreed = (FuseInitFlags)BinaryPrimitives.ReadUInt64LittleEndian(bytes[12..]),
            MaxReadBytes = BinaryPrimitives.ReadInt32LittleEndian(bytes[20..]),
            MaxWriteBytes = BinaryPrimitives.ReadInt32LittleEndian(bytes[24..]),
        };
        return connection is { MaxReadBytes: > 0, MaxWriteBytes: > 0 };
    }
}
