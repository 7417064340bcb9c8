using System.Diagnostics.CodeAnalysis;
using System.Text;
using OsCircular.Blocks;
using OsCircular.Indexes.Signing;

namespace OsCircular.Indexes;

/// <summary>
/// A repository's one mutable file, <c>head.minisig</c>: minisign's signature of the newest manifest, whose trusted comment points to it.
/// One can only be had with its comment's signature verified; the manifest is verified against it when it is at hand.
/// </summary>
public sealed class Head
{
    private readonly MinisignPublicKey _key;
    private readonly MinisignSignature _signature;

    private Head(HeadComment comment, MinisignSignature signature, MinisignPublicKey key, ReadOnlyMemory<byte> bytes)
    {
        Comment = comment;
        _signature = signature;
        _key = key;
        Bytes = bytes;
    }

    public HeadComment Comment { get; }
    public RepositoryId Repository => Comment.Repository;
    public long Sequence => Comment.Sequence;

    /// <summary>SHA-256 of the manifest.</summary>
    public Digest Manifest => Comment.Manifest;

    /// <summary>The moment from which on it is not adopted any more: the end, in UTC, of the day it names.</summary>
    public DateTimeOffset ExpiresAt =>
        Comment.Expires is { } day && day < DateOnly.MaxValue ? new DateTimeOffset(day.AddDays(1), TimeOnly.MinValue, TimeSpan.Zero) : DateTimeOffset.MaxValue;

    /// <summary>The file as it is.</summary>
    public ReadOnlyMemory<byte> Bytes { get; }

    /// <summary>No head file is longer, in bytes: what <c>RepositoryPaths.MaxHeadLength</c> lets a source read.</summary>
    public const int MaxLength = 4096;

    /// <summary>Opens a head file: bounded, well formed, its comment signed by <paramref name="key"/>, of a format we know.</summary>
    public static bool TryOpen(ReadOnlyMemory<byte> bytes, MinisignPublicKey key, [NotNullWhen(true)] out Head? head, [NotNullWhen(false)] out HeadRefusal? refusal)
    {
        head = null;
        if (bytes.Length > MaxLength)
        {
            refusal = new HeadRefusal(HeadRefusalReason.Malformed, $"is longer than {MaxLength} bytes");
            return false;
        }

        if (!MinisignSignature.TryParse(bytes.Span, out MinisignSignature? signature, out string? fault))
        {
            refusal = new HeadRefusal(HeadRefusalReason.Malformed, fault);
            return false;
        }

        if (signature.KeyId != key.KeyId)
        {
            refusal = new HeadRefusal(
                HeadRefusalReason.WrongKey,
                $"is signed with key {MinisignPublicKey.KeyIdText(signature.KeyId)}, not with the given key {MinisignPublicKey.KeyIdText(key.KeyId)}: check --public-key");
            return false;
        }

        if (!key.VerifiesComment(signature))
        {
            refusal = new HeadRefusal(HeadRefusalReason.WrongSignature, $"has a wrong signature: key {MinisignPublicKey.KeyIdText(key.KeyId)} did not sign it");
            return false;
        }

        if (!HeadComment.TryParse(signature.TrustedComment, out HeadComment? comment, out refusal)) return false;
        head = new Head(comment, signature, key, bytes);
        return true;
    }

    /// <summary>Whether these bytes are the manifest that this head signs.</summary>
    public bool Signs(ReadOnlySpan<byte> manifest) => Digest.Of(manifest) == Manifest && _key.Verifies(_signature, manifest);

    /// <summary>Makes the bytes of a head file.</summary>
    /// <param name="key">The repository's secret key.</param>
    /// <param name="repository">The repository's ID.</param>
    /// <param name="sequence">One more than the head before it; the first is 1.</param>
    /// <param name="manifest">The manifest's bytes.</param>
    /// <param name="expires">The last day, in UTC, on which it may be adopted; null: for ever.</param>
    public static byte[] Sign(MinisignSecretKey key, RepositoryId repository, long sequence, ReadOnlySpan<byte> manifest, DateOnly? expires)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(sequence, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(sequence, HeadComment.MaxSequence);
        HeadComment comment = new(repository, sequence, Digest.Of(manifest), expires);
        return Encoding.UTF8.GetBytes(key.Sign(manifest, comment.ToString(), $"signature of manifests/{comment.Manifest}.json").ToFileText());
    }
}
