using System.Text;
using CsCheck;
using OsCircular.Blocks;
using OsCircular.Indexes;

namespace OsCircular.Tests.Indexes;

public sealed class HeadTests
{
    private static readonly byte[] Manifest = "{}"u8.ToArray();

    [Fact]
    public void Sign_FixedKey_GivesTheGoldenBytes() =>
        // Changed on purpose? Then bump the version in HeadComment.Format and in Formats.md.
        Assert.Equal(
            """
            untrusted comment: signature of manifests/44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a.json
            RUQRMlR2mLrc/v3rK255h+zaAhb5jIXodr9h/1bhBHZllgvRotUH44iIXYqQt2NAm5fqMHee8EfN0lrd5N6qB7iUUYIzLwHymwo=
            trusted comment: oscircular:1 repository:0123456789abcdef sequence:7 sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a expires:2026-12-31
            8/tdE9IiTNCGVJW1bz+zsA0+icWfywAi7lWUHb2PSWwFvmjiU0VoCuZw0LTcZU4EMWEwo8TUEsBe4YC/sxqUCA==
            """.ReplaceLineEndings("\n") + "\n",
            Encoding.UTF8.GetString(Head.Sign(Samples.Key, Samples.Repository, 7, Manifest, new DateOnly(2026, 12, 31))));

    [Fact]
    public void TryOpen_WhatSignMade_SaysTheSame()
    {
        byte[] bytes = Head.Sign(Samples.Key, Samples.Repository, 7, Manifest, new DateOnly(2026, 12, 31));

        Assert.True(Head.TryOpen(bytes, Samples.Key.PublicKey, out Head? head, out _));
        Assert.Equal(new HeadComment(Samples.Repository, 7, Digest.Of(Manifest), new DateOnly(2026, 12, 31)), head.Comment);
        Assert.Equal(new DateTimeOffset(2027, 1, 1, 0, 0, 0, TimeSpan.Zero), head.ExpiresAt);
        Assert.True(head.Signs(Manifest));
        Assert.False(head.Signs("{ }"u8));
        Assert.Equal(bytes, head.Bytes.ToArray());
    }

    [Fact]
    public void ExpiresAt_NoneGiven_IsNever()
    {
        Assert.True(Head.TryOpen(Head.Sign(Samples.Key, Samples.Repository, 1, Manifest, null), Samples.Key.PublicKey, out Head? head, out _));
        Assert.Equal(DateTimeOffset.MaxValue, head.ExpiresAt);
    }

    [Fact]
    public void Signs_ManifestOfThatDigestUnderAnotherSignature_IsFalse()
    {
        // The comment's signature covers the first signature: a head whose two do not belong together needs the publisher's own hand.
        var comment = new HeadComment(Samples.Repository, 1, Digest.Of(Manifest), null);
        byte[] bytes = Encoding.UTF8.GetBytes(Samples.Key.Sign("another"u8, comment.ToString()).ToFileText());

        Assert.True(Head.TryOpen(bytes, Samples.Key.PublicKey, out Head? head, out _));
        Assert.False(head.Signs(Manifest));
    }

    [Fact]
    public void TryOpen_AnotherKey_NamesBoth()
    {
        HeadRefusal refusal = RefusalOf(Head.Sign(Samples.OtherKey, Samples.Repository, 1, Manifest, null));
        Assert.Equal(HeadRefusalReason.WrongKey, refusal.Reason);
        Assert.Contains("FEDCBA9876543211", refusal.Message, StringComparison.Ordinal);
        Assert.Contains("FEDCBA9876543212", refusal.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("sequence:1", "sequence:2")]
    [InlineData("oscircular:1", "oscircular:2")]
    [InlineData("repository:0", "repository:1")]
    public void TryOpen_CommentChanged_IsAWrongSignature(string from, string to)
    {
        string text = Encoding.UTF8.GetString(Head.Sign(Samples.Key, Samples.Repository, 1, Manifest, null));
        Assert.Equal(HeadRefusalReason.WrongSignature, RefusalOf(Encoding.UTF8.GetBytes(text.Replace(from, to, StringComparison.Ordinal))).Reason);
    }

    [Theory]
    [InlineData("oscircular:2 anything at all", HeadRefusalReason.Newer)]
    [InlineData("oscircular:0 repository:0123456789abcdef sequence:1 sha256:D", HeadRefusalReason.Malformed)]
    [InlineData("oscircular: repository:0123456789abcdef sequence:1 sha256:D", HeadRefusalReason.Malformed)]
    [InlineData("timestamp:1\tfile:x\thashed", HeadRefusalReason.Malformed)]
    [InlineData("", HeadRefusalReason.Malformed)]
    [InlineData("oscircular:1 repository:0123456789abcdef sequence:0 sha256:D", HeadRefusalReason.Malformed)]
    [InlineData("oscircular:1 repository:0123456789abcdef sequence:01 sha256:D", HeadRefusalReason.Malformed)]
    [InlineData("oscircular:1 repository:0123456789abcdef sequence:1000000000000000000 sha256:D", HeadRefusalReason.Malformed)]
    [InlineData("oscircular:1 repository:0123456789abcdef sequence:-1 sha256:D", HeadRefusalReason.Malformed)]
    [InlineData("oscircular:1 repository:0123456789abcdef sequence:1 sequence:2 sha256:D", HeadRefusalReason.Malformed)]
    [InlineData("oscircular:1 repository:0123456789abcde sequence:1 sha256:D", HeadRefusalReason.Malformed)]
    [InlineData("oscircular:1 repository:0123456789abcdef sequence:1 sha256:D expires:2026-02-30", HeadRefusalReason.Malformed)]
    [InlineData("oscircular:1 repository:0123456789abcdef sequence:1 sha256:D expires:", HeadRefusalReason.Malformed)]
    [InlineData("oscircular:1 repository:0123456789abcdef  sequence:1 sha256:D", HeadRefusalReason.Malformed)]
    [InlineData("oscircular:1 repository:0123456789abcdef sequence:1", HeadRefusalReason.Malformed)]
    public void TryOpen_SignedCommentOfAnotherForm_IsRefused(string comment, HeadRefusalReason reason) => Assert.Equal(reason, RefusalOf(Signed(comment)).Reason);

    [Fact]
    public void TryOpen_FieldsWeDoNotKnow_ArePassedOver()
    {
        byte[] bytes = Signed("oscircular:1 colour:blue sha256:D sequence:3 repository:0123456789abcdef x:");
        Assert.True(Head.TryOpen(bytes, Samples.Key.PublicKey, out Head? head, out _));
        Assert.Equal(3, head.Sequence);
    }

    [Fact]
    public void TryOpen_LongestPossibleComment_FitsAndOneMoreByteIsRefused()
    {
        byte[] bytes = Head.Sign(Samples.Key, Samples.Repository, 1, Manifest, null);
        Assert.Equal(HeadRefusalReason.Malformed, RefusalOf([.. bytes, .. new byte[Head.MaxLength]]).Reason);
        Assert.InRange(Head.Sign(Samples.Key, Samples.Repository, HeadComment.MaxSequence, Manifest, DateOnly.MaxValue).Length, 1, Head.MaxLength);
    }

    [Fact]
    public void TryOpen_AnyByteChanged_IsRefusedOrSaysTheSame()
    {
        byte[] good = Head.Sign(Samples.Key, Samples.Repository, 5, Manifest, new DateOnly(2026, 12, 31));
        Gen.Select(Gen.Int[0, good.Length - 1], Gen.Byte).Sample((at, value) =>
        {
            byte[] bytes = [.. good];
            bytes[at] = value;
            // The untrusted comment is nobody's word, and the first signature's own bytes are proven by the second.
            if (!Head.TryOpen(bytes, Samples.Key.PublicKey, out Head? head, out HeadRefusal? refusal)) return refusal.Message.Length > 0;
            return head.Sequence == 5 && head.Comment.Expires == new DateOnly(2026, 12, 31) && head.Signs(Manifest);
        });
    }

    [Fact]
    public void TryOpen_AnyBytes_NeverThrows() => Gen.Byte.Array[0, 5000].Sample(bytes => !Head.TryOpen(bytes, Samples.Key.PublicKey, out _, out _));

    [Fact]
    public void CommentText_RoundTrips() =>
        Gen.Select(Gen.ULong, Gen.Long[1, HeadComment.MaxSequence], Gen.Byte, Gen.DateOnly.Nullable()).Sample((id, sequence, fill, expires) =>
        {
            var comment = new HeadComment(new RepositoryId(id), sequence, Samples.DigestOf(fill), expires);
            Assert.True(HeadComment.TryParse(comment.ToString(), out HeadComment? read, out _));
            Assert.Equal(comment, read);
        });

    private static byte[] Signed(string comment) =>
        Encoding.UTF8.GetBytes(Samples.Key.Sign(Manifest, comment.Replace("sha256:D", $"sha256:{Digest.Of(Manifest)}", StringComparison.Ordinal)).ToFileText());

    private static HeadRefusal RefusalOf(byte[] bytes)
    {
        Assert.False(Head.TryOpen(bytes, Samples.Key.PublicKey, out Head? head, out HeadRefusal? refusal));
        Assert.Null(head);
        return refusal;
    }
}
