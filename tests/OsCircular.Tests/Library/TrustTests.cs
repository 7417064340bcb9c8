using System.Text;
using CsCheck;
using OsCircular.Library;
using OsCircular.Tests.Indexes;

namespace OsCircular.Tests.Library;

public sealed class TrustTests
{
    private static readonly Trust Golden = new(Samples.Key.PublicKey, Samples.Repository, 7, Samples.DigestOf(3), Samples.Time);

    [Fact]
    public void ToBytes_HasTheGoldenBytes() =>
        // Changed on purpose? Then bump the version in Trust.Format and in Formats.md.
        Assert.Equal(
            """
            {
              "format": 1,
              "key": "RWQRMlR2mLrc/oqI4910CfGV/VLbLTy6XXLKZwm/HZQSG/N0iAG0D29c",
              "repository": "0123456789abcdef",
              "sequence": 7,
              "manifest": "0303030303030303030303030303030303030303030303030303030303030303",
              "adopted": "2026-11-23T12:00:00Z"
            }
            """.ReplaceLineEndings("\n") + "\n",
            Encoding.UTF8.GetString(Golden.ToBytes()));

    [Fact]
    public void TryParse_WhatWasWritten_IsTheSame()
    {
        Assert.True(Trust.TryParse(Golden.ToBytes(), out Trust? read, out _));
        Assert.Equal(Golden, read);
        Assert.InRange(Golden.ToBytes().Length, 1, Trust.MaxLength);
    }

    [Theory]
    [InlineData("\"format\": 1", "\"format\": 2", "is of format 2, which a newer oscircular wrote")]
    [InlineData("\"format\": 1", "\"format\": 0", "is damaged")]
    [InlineData("\"sequence\": 7", "\"sequence\": 0", "is damaged")]
    [InlineData("\"repository\": \"01", "\"repository\": \"0x", "is damaged")]
    [InlineData("\"key\": \"RWQ", "\"key\": \"RXQ", "is damaged")]
    [InlineData("\"manifest\": \"03", "\"manifest\": \"3", "is damaged")]
    [InlineData("2026-11-23T", "2026-13-23T", "is damaged")]
    [InlineData("\"adopted\"", "\"adapted\"", "is damaged")]
    public void TryParse_Changed_SaysWhy(string from, string to, string expected)
    {
        string text = Encoding.UTF8.GetString(Golden.ToBytes());
        Assert.Contains(from, text, StringComparison.Ordinal);
        Assert.False(Trust.TryParse(Encoding.UTF8.GetBytes(text.Replace(from, to, StringComparison.Ordinal)), out _, out string? fault));
        Assert.Equal(expected, fault);
    }

    [Fact]
    public void TryParse_AnyCut_IsDamaged()
    {
        byte[] bytes = Golden.ToBytes();
        Gen.Int[0, bytes.Length - 3].Sample(length => !Trust.TryParse(bytes.AsSpan(0, length), out _, out _));
    }
}
