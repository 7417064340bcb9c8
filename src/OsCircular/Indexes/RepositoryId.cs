using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Security.Cryptography;
using OsCircular.Blocks;

namespace OsCircular.Indexes;

/// <summary>Tells a publisher's repositories apart: 64 bits drawn once, written as 16 lower-case hex digits.</summary>
public readonly record struct RepositoryId
{
    public const int TextLength = 16;

    private readonly ulong _value;

    public RepositoryId(ulong value) => _value = value;

    public static RepositoryId Draw() => new(BitConverter.ToUInt64(RandomNumberGenerator.GetBytes(sizeof(ulong))));

    /// <summary>Reads exactly 16 lower-case hex digits; anything else is refused.</summary>
    public static bool TryParse([NotNullWhen(true)] string? text, out RepositoryId id)
    {
        Span<byte> bytes = stackalloc byte[sizeof(ulong)];
        bool good = LowerHex.TryParse(text, bytes);
        id = good ? new RepositoryId(ulong.Parse(text!, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture)) : default;
        return good;
    }

    public override string ToString() => _value.ToString("x16", CultureInfo.InvariantCulture);
}
