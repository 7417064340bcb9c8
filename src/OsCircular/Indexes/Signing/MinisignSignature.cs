using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Text;

namespace OsCircular.Indexes.Signing;

/// <summary>
/// A detached signature file of minisign's: untrusted comment; base64 of <c>"ED" ‖ key id (8) ‖ signature (64)</c> over the message's
/// BLAKE2b-512; trusted comment; base64 of a second signature (64) over <c>signature ‖ trusted comment</c>.
/// Parsing verifies nothing: <see cref="MinisignPublicKey"/> does, the comment first, the message when it is at hand.
/// </summary>
public sealed class MinisignSignature
{
    private const int SignatureSize = 64;
    private const int EncodedLength = 2 + 8 + SignatureSize;

    private readonly byte[] _signature;
    private readonly byte[] _globalSignature;

    internal MinisignSignature(ulong keyId, byte[] signature, string trustedComment, byte[] globalSignature, string untrustedComment)
    {
        KeyId = keyId;
        _signature = signature;
        TrustedComment = trustedComment;
        _globalSignature = globalSignature;
        UntrustedComment = untrustedComment;
    }

    public ulong KeyId { get; }
    public string TrustedComment { get; }
    public string UntrustedComment { get; }

    internal ReadOnlySpan<byte> Signature => _signature;
    internal ReadOnlySpan<byte> GlobalSignature => _globalSignature;

    /// <param name="file">The file's bytes; more than 8 KiB are refused.</param>
    /// <param name="signature">Well formed, not verified.</param>
    /// <param name="fault">Why there is none, to follow "the signature ".</param>
    public static bool TryParse(ReadOnlySpan<byte> file, [NotNullWhen(true)] out MinisignSignature? signature, [NotNullWhen(false)] out string? fault)
    {
        signature = null;
        fault = "is not in minisign's format";
        if (MinisignText.Lines(file) is not [string untrusted, string first, string trusted, string second]) return false;
        if (!untrusted.StartsWith(MinisignText.UntrustedComment, StringComparison.Ordinal) || untrusted.Length > MinisignText.MaxCommentLine) return false;
        if (!trusted.StartsWith(MinisignText.TrustedComment, StringComparison.Ordinal)) return false;

        byte[] encoded = new byte[EncodedLength];
        byte[] globalSignature = new byte[SignatureSize];
        if (!MinisignText.TryDecode(first, encoded) || !MinisignText.TryDecode(second, globalSignature)) return false;
        if (encoded.AsSpan(0, 2).SequenceEqual("Ed"u8))
        {
            fault = "is of minisign's legacy kind, not prehashed; sign without `minisign -l`";
            return false;
        }

        if (!encoded.AsSpan(0, 2).SequenceEqual("ED"u8)) return false;
        fault = null;
        signature = new MinisignSignature(
            BinaryPrimitives.ReadUInt64LittleEndian(encoded.AsSpan(2)),
            encoded[10..],
            trusted[MinisignText.TrustedComment.Length..],
            globalSignature,
            untrusted[MinisignText.UntrustedComment.Length..]);
        return true;
    }

    /// <summary>The file's text; <see cref="TryParse"/> of it gives an equal signature.</summary>
    public string ToFileText()
    {
        byte[] encoded = new byte[EncodedLength];
        "ED"u8.CopyTo(encoded);
        BinaryPrimitives.WriteUInt64LittleEndian(encoded.AsSpan(2), KeyId);
        _signature.CopyTo(encoded, 10);
        return $"{MinisignText.UntrustedComment}{UntrustedComment}\n{Convert.ToBase64String(encoded)}\n"
            + $"{MinisignText.TrustedComment}{TrustedComment}\n{Convert.ToBase64String(_globalSignature)}\n";
    }

    internal byte[] GloballySigned() => GloballySigned(_signature, TrustedComment);

    /// <summary>What the second signature covers: the first one and the trusted comment.</summary>
    internal static byte[] GloballySigned(byte[] signature, string trustedComment) => [.. signature, .. Encoding.UTF8.GetBytes(trustedComment)];
}
