using System.Security.Cryptography;
using OsCircular.Blocks;

namespace OsCircular.Peers.Access;

/// <summary>The secret that the members of a group share. Never printed, never logged; whoever holds the object can prove, nobody can read it.</summary>
public sealed class GroupKey
{
    /// <summary>Bytes of a key file, white space at its end not counted.</summary>
    public const int MinFileLength = 16;

    /// <inheritdoc cref="MinFileLength"/>
    public const int MaxFileLength = 4096;

    // A file may end in blank lines; more of them than this is another kind of file.
    private const int MaxRead = 2 * MaxFileLength;

    private readonly byte[] _key;

    private GroupKey(byte[] key) => _key = key;

    /// <summary>Reads a key file.</summary>
    /// <exception cref="UserError">It cannot be read, or is too short or too long.</exception>
    public static GroupKey Read(string path)
    {
        try
        {
            using FileStream file = File.OpenRead(path);
            byte[] bytes = new byte[MaxRead + 1];
            int length = file.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false);
            return Of(bytes.AsSpan(0, length), path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new UserError($"Group key {path} cannot be read: {e.Message}", e);
        }
    }

    /// <param name="file">What the key file holds.</param>
    /// <param name="path">For the message.</param>
    /// <exception cref="UserError">It is too short or too long.</exception>
    public static GroupKey Of(ReadOnlySpan<byte> file, string path)
    {
        ReadOnlySpan<byte> secret = file.TrimEnd(" \t\r\n\v\f"u8);
        if (file.Length > MaxRead || secret.Length > MaxFileLength) throw Wrong(path, $"longer than {MaxFileLength} bytes");
        if (secret.Length < MinFileLength) throw Wrong(path, $"shorter than {MinFileLength} bytes");
        return new GroupKey(SHA256.HashData([.. "oscircular group key 1\n"u8, .. secret]));
    }

    /// <summary>Says nothing of the key.</summary>
    public override string ToString() => nameof(GroupKey);

    /// <summary>HMAC-SHA-256 of some text in UTF-8, as 64 lower-case hex digits.</summary>
    internal string Sign(ReadOnlySpan<byte> text)
    {
        Span<byte> mac = stackalloc byte[HMACSHA256.HashSizeInBytes];
        HMACSHA256.HashData(_key, text, mac);
        return Convert.ToHexStringLower(mac);
    }

    /// <summary>Whether <paramref name="mac"/> is what <see cref="Sign"/> says of this text; how long that takes says nothing of where they differ.</summary>
    internal bool Verify(ReadOnlySpan<byte> text, ReadOnlySpan<char> mac)
    {
        Span<byte> given = stackalloc byte[HMACSHA256.HashSizeInBytes];
        if (!LowerHex.TryParse(mac, given)) return false;
        Span<byte> right = stackalloc byte[HMACSHA256.HashSizeInBytes];
        HMACSHA256.HashData(_key, text, right);
        return CryptographicOperations.FixedTimeEquals(given, right);
    }

    private static UserError Wrong(string path, string what) =>
        new($"Group key {path} is {what}. Make one that nobody can guess, for example with: head -c 32 /dev/urandom | base64 > {path}");
}
