using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using OsCircular.Blocks;

namespace OsCircular.Indexes.Signing;

/// <summary>
/// minisign's secret key file: a comment line, then base64 of 158 bytes, all numbers little-endian:
/// <c>"Ed" ‖ KDF ("Sc", or two zeros without a password) ‖ "B2" ‖ salt (32) ‖ opslimit (8) ‖ memlimit (8) ‖ key id (8) ‖ seed (32) ‖ public key (32) ‖ checksum (32)</c>.
/// The last four are XORed with what scrypt makes of the password. The checksum is BLAKE2b-256 of <c>"Ed" ‖ key id ‖ seed ‖ public key</c>; zeros without a password.
/// </summary>
public static class MinisignSecretKeyFile
{
    private const int Length = 158;
    private const int Salt = 6;
    private const int SaltLength = 32;
    private const int Operations = 38;
    private const int Memory = 46;
    private const int Secret = 54;
    private const int Checksum = 126;

    /// <summary>Writes a new file, readable by its owner alone, whole or not at all.</summary>
    /// <param name="key">The key.</param>
    /// <param name="path">Must not exist.</param>
    /// <param name="password">Null or empty: the key is written as it is.</param>
    /// <exception cref="UserError">The file exists or cannot be written.</exception>
    public static void Save(MinisignSecretKey key, string path, string? password) =>
        SmallFile.Create(path, ToText(key, string.IsNullOrEmpty(password) ? null : password), UnixFileMode.UserRead | UnixFileMode.UserWrite);

    /// <param name="path">A file by us or by minisign.</param>
    /// <param name="password">Asked only where the file has one; null where none can be had.</param>
    /// <exception cref="UserError">The file is unreadable or garbled, or the password is missing or wrong.</exception>
    public static MinisignSecretKey Load(string path, Func<string?> password)
    {
        byte[] file = Decode(path);
        if (!file.AsSpan(2, 2).SequenceEqual("Sc"u8)) return Open(path, file, "is damaged: its public half does not belong to its secret half");

        ScryptCost cost = new(BinaryPrimitives.ReadUInt64LittleEndian(file.AsSpan(Operations)), BinaryPrimitives.ReadUInt64LittleEndian(file.AsSpan(Memory)));
        if (!cost.IsBearable) throw Fault(path, "asks for more than 2 GiB of memory to open; it is damaged, or made for another kind of host");
        string secret = password() ?? throw Fault(path, "has a password, and none was given; set OSCIRCULAR_KEY_PASSWORD or run on a terminal");
        Apply(file, cost, secret);
        if (!ChecksumOf(file).AsSpan().SequenceEqual(file.AsSpan(Checksum))) throw Fault(path, "does not open with this password; try again");
        return Open(path, file, "is damaged");
    }

    internal static string ToText(MinisignSecretKey key, string? password)
    {
        byte[] file = new byte[Length];
        "Ed"u8.CopyTo(file);
        "B2"u8.CopyTo(file.AsSpan(4));
        BinaryPrimitives.WriteUInt64LittleEndian(file.AsSpan(Secret), key.PublicKey.KeyId);
        key.Seed.CopyTo(file.AsSpan(Secret + 8));
        key.PublicBytes.Span.CopyTo(file.AsSpan(Secret + 40));
        if (password is not null)
        {
            ChecksumOf(file).CopyTo(file, Checksum);
            "Sc"u8.CopyTo(file.AsSpan(2));
            RandomNumberGenerator.Fill(file.AsSpan(Salt, SaltLength));
            BinaryPrimitives.WriteUInt64LittleEndian(file.AsSpan(Operations), ScryptCost.Default.Operations);
            BinaryPrimitives.WriteUInt64LittleEndian(file.AsSpan(Memory), ScryptCost.Default.Memory);
            Apply(file, ScryptCost.Default, password);
        }

        string text = $"{MinisignText.UntrustedComment}minisign {(password is null ? "unencrypted" : "encrypted")} secret key\n{Convert.ToBase64String(file)}\n";
        CryptographicOperations.ZeroMemory(file);
        return text;
    }

    private static byte[] Decode(string path)
    {
        string text;
        try
        {
            text = SmallFile.ReadText(path, MinisignText.MaxFileLength);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            throw new UserError($"Secret key {path}: cannot be read ({e.Message.TrimEnd('.')}); name the file that `oscircular keygen` wrote.", e);
        }

        byte[] file = new byte[Length];
        bool good = MinisignText.Lines(Encoding.UTF8.GetBytes(text)) is [string comment, string line]
            && comment.StartsWith(MinisignText.UntrustedComment, StringComparison.Ordinal)
            && MinisignText.TryDecode(line, file)
            && file.AsSpan(0, 2).SequenceEqual("Ed"u8)
            && file.AsSpan(4, 2).SequenceEqual("B2"u8)
            && (file.AsSpan(2, 2).SequenceEqual("Sc"u8) || !file.AsSpan(2, 2).ContainsAnyExcept((byte)0));
        return good ? file : throw Fault(path, "is not a minisign secret key; name the file that `oscircular keygen` or `minisign -G` wrote");
    }

    private static MinisignSecretKey Open(string path, byte[] file, string damage)
    {
        MinisignSecretKey key = new(BinaryPrimitives.ReadUInt64LittleEndian(file.AsSpan(Secret)), file[(Secret + 8)..(Secret + 40)]);
        bool good = key.PublicBytes.Span.SequenceEqual(file.AsSpan(Secret + 40, 32));
        CryptographicOperations.ZeroMemory(file);
        return good ? key : throw Fault(path, damage);
    }

    /// <summary>Encrypts or decrypts in place.</summary>
    private static void Apply(byte[] file, ScryptCost cost, string password)
    {
        byte[] stream = cost.Derive(password, file[Salt..(Salt + SaltLength)], Length - Secret);
        for (int i = 0; i < stream.Length; i++) file[Secret + i] ^= stream[i];
        CryptographicOperations.ZeroMemory(stream);
    }

    private static byte[] ChecksumOf(byte[] file) => Blake2b.Hash([.. file.AsSpan(0, 2), .. file.AsSpan(Secret, Checksum - Secret)], Blake2b.ChecksumSize);

    private static UserError Fault(string path, string fault) => new($"Secret key {path} {fault}.");
}
