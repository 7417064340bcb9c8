using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using OsCircular.Blocks;

namespace OsCircular.Peers.Access;

/// <summary>16 bytes of chance, written as 32 lower-case hex digits: what one side draws so that the other cannot answer with something old.</summary>
public readonly record struct PeerNonce
{
    public const int Size = 16;
    public const int TextLength = 2 * Size;

    private readonly UInt128 _bytes;

    private PeerNonce(UInt128 bytes) => _bytes = bytes;

    /// <summary>Draws a new one that nobody can foresee.</summary>
    public static PeerNonce Draw()
    {
        Span<byte> bytes = stackalloc byte[Size];
        RandomNumberGenerator.Fill(bytes);
        return Of(bytes);
    }

    /// <param name="bytes">Exactly <see cref="Size"/> bytes.</param>
    public static PeerNonce Of(ReadOnlySpan<byte> bytes)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(bytes.Length, Size, nameof(bytes));
        return new PeerNonce(System.Buffers.Binary.BinaryPrimitives.ReadUInt128BigEndian(bytes));
    }

    /// <summary>Reads exactly 32 lower-case hex digits.</summary>
    public static bool TryParse([NotNullWhen(true)] string? text, out PeerNonce nonce)
    {
        Span<byte> bytes = stackalloc byte[Size];
        bool parsed = LowerHex.TryParse(text, bytes);
        nonce = parsed ? Of(bytes) : default;
        return parsed;
    }

    public override string ToString() => _bytes.ToString("x32", null);
}
