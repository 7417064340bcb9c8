using System.Buffers.Binary;

namespace OsCircular.Fuse.Holding;

/// <summary>What an agent and its FUSE holder say to each other. The numbers are for ever: a holder lives as long as its mount, over many agents.</summary>
internal enum HolderMessageKind : ushort
{
    /// <summary>Agent: give me what you keep. Answered by Kept or Nothing.</summary>
    Take = 1,

    /// <summary>Holder: the descriptor is beside this message, the body is the hand-over.</summary>
    Kept = 2,

    /// <summary>Holder: nothing is kept.</summary>
    Nothing = 3,

    /// <summary>Agent: the descriptor of a new mount is beside this message; value: takeover time in ms; body: <see cref="HolderMount"/>. Answered by Done.</summary>
    Hold = 4,

    /// <summary>Agent: the hand-over is now this body; value: takeover time in ms. Answered by Done.</summary>
    Save = 5,

    /// <summary>As Save, from an agent that is seen to serve.</summary>
    Serving = 6,

    /// <summary>Agent: the mount is over; close it and end. Answered by Done.</summary>
    Release = 7,

    /// <summary>Holder: it is done.</summary>
    Done = 8,

    /// <summary>Holder: not understood, or not now.</summary>
    Refused = 9,

    /// <summary>Anyone: what do you keep? Answered by Keeping or Nothing.</summary>
    Ask = 10,

    /// <summary>Holder: value: ms until it gives up, or uint.MaxValue; body: the mount point, UTF-8.</summary>
    Keeping = 11,
}

/// <summary>One message: a header of 16 bytes, integers little-endian, then the body.</summary>
internal readonly ref struct HolderMessage(HolderMessageKind kind, uint value, ReadOnlySpan<byte> body)
{
    public const int HeaderLength = 16;

    /// <summary>Bytes, header and body.</summary>
    public const int MaxLength = HeaderLength + HolderMount.MaxLength + HandOverFormat.MaxLength;

    private const ushort Version = 1;

    public readonly HolderMessageKind Kind = kind;
    public readonly uint Value = value;
    public readonly ReadOnlySpan<byte> Body = body;

    private static ReadOnlySpan<byte> Magic => "OCHM"u8;

    public byte[] Write()
    {
        var bytes = new byte[HeaderLength + Body.Length];
        Magic.CopyTo(bytes);
        BinaryPrimitives.WriteUInt16LittleEndian(bytes.AsSpan(4), Version);
        BinaryPrimitives.WriteUInt16LittleEndian(bytes.AsSpan(6), (ushort)Kind);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(8), Value);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(12), (uint)Body.Length);
        Body.CopyTo(bytes.AsSpan(HeaderLength));
        return bytes;
    }

    /// <param name="bytes">One whole message.</param>
    /// <param name="message">Refers to <paramref name="bytes"/>.</param>
    public static bool TryRead(ReadOnlySpan<byte> bytes, out HolderMessage message)
    {
        message = default;
        if (bytes.Length < HeaderLength || !bytes.StartsWith(Magic)) return false;
        if (BinaryPrimitives.ReadUInt16LittleEndian(bytes[4..]) != Version) return false;
        if (BinaryPrimitives.ReadUInt32LittleEndian(bytes[12..]) != bytes.Length - HeaderLength) return false;
        message = new HolderMessage(
            (HolderMessageKind)BinaryPrimitives.ReadUInt16LittleEndian(bytes[6..]), BinaryPrimitives.ReadUInt32LittleEndian(bytes[8..]), bytes[HeaderLength..]);
        return true;
    }
}
