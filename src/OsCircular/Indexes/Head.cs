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

    private Head(HeadComment comment, MinisignSignature signature, MinisignPublicKey key, KeyRing keys, ReadOnlyMemory<byte> bytes)
    {
        Comment = comment;
        Keys = keys;
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

    /// <summary>The keys believed from here on: those it was opened with, those they vouch for in it, and without those it revokes.</summary>
    public KeyRing Keys { get; }

    /// <summary>Opens a head file: bounded, well formed, its comment signed by <paramref name="key"/> or one it vouches for, of a format we know.</summary>
    public static bool TryOpen(ReadOnlyMemory<byte> bytes, MinisignPublicKey key, [NotNullWhen(true)] out Head? head, [NotNullWhen(false)] out HeadRefusal? refusal) =>
        TryOpen(bytes, KeyRing.Of(key), out head, out refusal);

    /// <summary>The same with all that is known of the repository's keys.</summary>
    public static bool TryOpen(ReadOnlyMemory<byte> bytes, KeyRing keys, [NotNullWhen(true)] out Head? head, [NotNullWhen(false)] out HeadRefusal? refusal)
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

        // Nothing that the comment says is believed yet; but a link carries the signature of a key that is.
        bool isComment = HeadComment.TryParse(signature.TrustedComment, out HeadComment? comment, out HeadRefusal? malformed);
        KeyRing known = isComment ? keys.Following(comment!.Keys.Links, comment.Repository) : keys;
        MinisignPublicKey? signer = known.Accepted.FirstOrDefault(key => key.KeyId == signature.KeyId && key.VerifiesComment(signature));
        if (signer is null)
        {
            refusal = RefusalOf(signature, known);
            return false;
        }

        if (!isComment)
        {
            refusal = malformed!;
            return false;
        }

        if (comment!.Keys.Revoked.Contains(signer))
        {
            refusal = new HeadRefusal(HeadRefusalReason.Malformed, $"revokes the key that signed it, {MinisignPublicKey.KeyIdText(signer.KeyId)}");
            return false;
        }

        refusal = null;
        head = new Head(comment, signature, signer, known.Without(comment.Keys.Revoked), bytes);
        return true;
    }

    /// <summary>Opens a repository's head for a publisher who holds one of its keys: the head may be signed with another, where that one vouches for his.</summary>
    public static bool TryOpenFor(MinisignPublicKey publisher, ReadOnlyMemory<byte> bytes, [NotNullWhen(true)] out Head? head, [NotNullWhen(false)] out HeadRefusal? refusal)
    {
        if (TryOpen(bytes, publisher, out head, out refusal) || refusal.Reason != HeadRefusalReason.WrongKey) return head is not null;
        HeadRefusal first = refusal;
        if (!MinisignSignature.TryParse(bytes.Span, out MinisignSignature? signature, out _)) return false;
        if (!HeadComment.TryParse(signature.TrustedComment, out HeadComment? comment, out _)) return false;
        foreach (MinisignPublicKey key in comment.Keys.Links.SelectMany(link => (MinisignPublicKey[])[link.By, link.Key]).Distinct())
        {
            if (TryOpen(bytes, key, out head, out _) && (head.Keys.Accepts(publisher) || head.Keys.HasRevoked(publisher))) return true;
        }

        head = null;
        refusal = first;
        return false;
    }

    /// <summary>Whether these bytes are the manifest that this head signs.</summary>
    public bool Signs(ReadOnlySpan<byte> manifest) => Digest.Of(manifest) == Manifest && _key.Verifies(_signature, manifest);

    /// <summary>Makes the bytes of a head file.</summary>
    /// <param name="key">The repository's secret key.</param>
    /// <param name="repository">The repository's ID.</param>
    /// <param name="sequence">One more than the head before it; the first is 1.</param>
    /// <param name="manifest">The manifest's bytes.</param>
    /// <param name="expires">The last day, in UTC, on which it may be adopted; null: for ever.</param>
    /// <param name="keys">What it says of the repository's keys: at least what the head before it said; null: nothing.</param>
    public static byte[] Sign(MinisignSecretKey key, RepositoryId repository, long sequence, ReadOnlySpan<byte> manifest, DateOnly? expires, HeadKeys? keys = null)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(sequence, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(sequence, HeadComment.MaxSequence);
        HeadComment comment = new(repository, sequence, Digest.Of(manifest), expires) { Keys = keys ?? HeadKeys.None };
        return Encoding.UTF8.GetBytes(key.Sign(manifest, comment.ToString(), $"signature of manifests/{comment.Manifest}.json").ToFileText());
    }

    private static HeadRefusal RefusalOf(MinisignSignature signature, KeyRing keys)
    {
        string id = MinisignPublicKey.KeyIdText(signature.KeyId);
        if (keys.Revoked.Any(key => key.KeyId == signature.KeyId && key.VerifiesComment(signature)))
            return new HeadRefusal(HeadRefusalReason.RevokedKey, $"is signed with key {id}, which the publisher revoked: it is an old copy, or forged");
        if (keys.Accepted.Any(key => key.KeyId == signature.KeyId))
            return new HeadRefusal(HeadRefusalReason.WrongSignature, $"has a wrong signature: key {id} did not sign it");
        string given = keys.Accepted.Count == 1
            ? $"the given key {MinisignPublicKey.KeyIdText(keys.Accepted[0].KeyId)}"
            : $"one of the keys {string.Join(", ", keys.Accepted.Select(key => MinisignPublicKey.KeyIdText(key.KeyId)))}";
        return new HeadRefusal(HeadRefusalReason.WrongKey, $"is signed with key {id}, not with {given}: check --public-key");
    }
}
