using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Text;
using Org.BouncyCastle.Math.EC.Rfc8032;
using OsCircular.Blocks;

namespace OsCircular.Indexes.Signing;

/// <summary>
/// An Ed25519 public key (RFC 8032) in minisign's format: base64 of <c>"Ed" ‖ key id (8) ‖ key (32)</c>,
/// in a file below an untrusted comment line.
/// </summary>
public sealed class MinisignPublicKey : IEquatable<MinisignPublicKey>
{
    private const int EncodedLength = 2 + 8 + 32;

    private readonly byte[] _encoded;

    private MinisignPublicKey(byte[] encoded) => _encoded = encoded;

    internal MinisignPublicKey(ulong keyId, ReadOnlySpan<byte> key)
    {
        _encoded = new byte[EncodedLength];
        "Ed"u8.CopyTo(_encoded);
        BinaryPrimitives.WriteUInt64LittleEndian(_encoded.AsSpan(2), keyId);
        key.CopyTo(_encoded.AsSpan(10));
    }

    /// <summary>A number drawn with the key, which tells keys apart; it proves nothing.</summary>
    public ulong KeyId => BinaryPrimitives.ReadUInt64LittleEndian(_encoded.AsSpan(2));

    private ReadOnlySpan<byte> Key => _encoded.AsSpan(10);

    /// <summary>Reads the bare base64 line or the text of a public key file.</summary>
    public static bool TryParse([NotNullWhen(true)] string? text, [NotNullWhen(true)] out MinisignPublicKey? key)
    {
        key = null;
        string[]? lines = text is null ? null : MinisignText.Lines(Encoding.UTF8.GetBytes(text));
        string? line = lines switch
        {
            [string only] => only.Trim(),
            [string comment, string second] when comment.StartsWith(MinisignText.UntrustedComment, StringComparison.Ordinal) => second,
            _ => null,
        };
        byte[] encoded = new byte[EncodedLength];
        if (line is null || !MinisignText.TryDecode(line, encoded)) return false;
        if (!encoded.AsSpan(0, 2).SequenceEqual("Ed"u8) || !Ed25519.ValidatePublicKeyFull(encoded.AsSpan(10))) return false;
        key = new MinisignPublicKey(encoded);
        return true;
    }

    /// <summary>Reads what a user gave as <c>--public-key</c>: the path of a public key file, or the key's base64 line itself.</summary>
    /// <exception cref="UserError">It is neither.</exception>
    public static MinisignPublicKey Load(string fileOrKey)
    {
        if (TryParse(fileOrKey, out MinisignPublicKey? key)) return key;
        string text;
        try
        {
            text = SmallFile.ReadText(fileOrKey, MinisignText.MaxFileLength);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            throw new UserError($"Public key {fileOrKey}: neither a minisign public key nor a file that can be read ({e.Message.TrimEnd('.')}); give FILE.pub or its second line.", e);
        }

        return TryParse(text, out key)
            ? key
            : throw new UserError($"Public key {fileOrKey}: not a minisign public key file; give the FILE.pub that `oscircular keygen` or `minisign -G` wrote.");
    }

    /// <summary>Whether this key signed the trusted comment, and with it the signature it stands beside. Needs no message.</summary>
    public bool VerifiesComment(MinisignSignature signature) =>
        signature.KeyId == KeyId && Ed25519.Verify(signature.GlobalSignature, Key, signature.GloballySigned());

    /// <summary>Whether this key signed these bytes (their BLAKE2b-512, RFC 7693).</summary>
    public bool Verifies(MinisignSignature signature, ReadOnlySpan<byte> message) =>
        signature.KeyId == KeyId && Ed25519.Verify(signature.Signature, Key, Blake2b.Hash(message, Blake2b.PrehashSize));

    /// <summary>Bytes in a signature by itself.</summary>
    internal const int SignatureSize = 64;

    /// <summary>The same for a signature by itself.</summary>
    internal bool VerifiesMessage(byte[] signature, ReadOnlySpan<byte> message) => Ed25519.Verify(signature, Key, Blake2b.Hash(message, Blake2b.PrehashSize));

    public string ToFileText() => $"{MinisignText.UntrustedComment}minisign public key {KeyIdText(KeyId)}\n{this}\n";

    /// <summary>The key's base64 line.</summary>
    public override string ToString() => Convert.ToBase64String(_encoded);

    /// <summary>As minisign prints it: 16 upper-case hex digits.</summary>
    public static string KeyIdText(ulong keyId) => keyId.ToString("X16", provider: null);

    public bool Equals(MinisignPublicKey? other) => other is not null && _encoded.AsSpan().SequenceEqual(other._encoded);

    public override bool Equals(object? obj) => Equals(obj as MinisignPublicKey);

    public override int GetHashCode() => KeyId.GetHashCode();
}
