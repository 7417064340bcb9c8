using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;

namespace OsCircular.Blocks;

/// <summary>SHA-1 (20 bytes) of a block file's bytes; written as 40 lower-case hex digits, as <c>sha1sum</c> prints it.</summary>
public readonly record struct BlockName : IComparable<BlockName>
{
    public const int Size = 20;
    public const int TextLength = 2 * Size;

    private readonly ulong _high;
    private readonly ulong _middle;
    private readonly uint _low;

    /// <param name="bytes">Exactly <see cref="Size"/> bytes.</param>
    public BlockName(ReadOnlySpan<byte> bytes)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(bytes.Length, Size, nameof(bytes));
        _high = BinaryPrimitives.ReadUInt64BigEndian(bytes);
        _middle = BinaryPrimitives.ReadUInt64BigEndian(bytes[8..]);
        _low = BinaryPrimitives.ReadUInt32BigEndian(bytes[16..]);
    }

    /// <summary>The name that these block file bytes have.</summary>
    public static BlockName Of(ReadOnlySpan<byte> blockFile)
    {
        Span<byte> digest = stackalloc byte[Size];
        SHA1.HashData(blockFile, digest);
        return new BlockName(digest);
    }

    /// <summary>Reads exactly 40 lower-case hex digits; anything else, upper case too, is refused, so that a name has one spelling.</summary>
    public static bool TryParse([NotNullWhen(true)] string? text, out BlockName name) => TryParse(text.AsSpan(), out name);

    /// <inheritdoc cref="TryParse(string?, out BlockName)"/>
    public static bool TryParse(ReadOnlySpan<char> text, out BlockName name)
    {
        Span<byte> bytes = stackalloc byte[Size];
        if (!LowerHex.TryParse(text, bytes))
        {
            name = default;
            return false;
        }

        name = new BlockName(bytes);
        return true;
    }

    /// <param name="destination">At least <see cref="Size"/> bytes.</param>
    public void CopyTo(Span<byte> destination)
    {
        BinaryPrimitives.WriteUInt64BigEndian(destination, _high);
        BinaryPrimitives.WriteUInt64BigEndian(destination[8..], _middle);
        BinaryPrimitives.WriteUInt32BigEndian(destination[16..], _low);
    }

    public int CompareTo(BlockName other)
    {
        int order = _high.CompareTo(other._high);
        if (order == 0) order = _middle.CompareTo(other._middle);
        return order != 0 ? order : _low.CompareTo(other._low);
    }

    // SHA-1 is uniform: any of its bits will do.
    public override int GetHashCode() => (int)_middle;

    public bool Equals(BlockName other) => _high == other._high && _middle == other._middle && _low == other._low;

    public override string ToString()
    {
        Span<byte> bytes = stackalloc byte[Size];
        CopyTo(bytes);
        return Convert.ToHexStringLower(bytes);
    }
}
