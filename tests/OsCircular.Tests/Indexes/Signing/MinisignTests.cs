using System.Text;
using OsCircular.Blocks;
using OsCircular.Indexes.Signing;

namespace OsCircular.Tests.Indexes.Signing;

public sealed class MinisignTests
{
    // Made by the program minisign 0.11 with `minisign -G -W` and `minisign -S -t`, over "hi\n".
    private const string TheirKey = "RWQEDn55X6MqYe/jaL97US4i+PA57VMna/IJhsYi0kxnt2ijR5KLZIPs";
    private const string TheirSignature = """
        untrusted comment: signature from minisign secret key
        RUQEDn55X6MqYfNSHMPlqjw0j5bZDMwRDgcCVqDNSDD9v9jdhnun4o5KAG5WSpOBfgWrTPSt00ukW12TQumtEU0c2teNM1sXpAA=
        trusted comment: oscircular:1 x
        Qn1jKO7oU8lnopif9Srs4NTurc88gztrbjETRSviM/RNOt4q5sAic71cbRhTRO6dp5MzICiiTX+uekHgWvUGBg==

        """;

    private static readonly byte[] Message = "hello"u8.ToArray();

    [Fact]
    public void Verifies_WhatMinisignSigned_IsTrue()
    {
        Assert.True(MinisignPublicKey.TryParse(TheirKey, out MinisignPublicKey? key));
        MinisignSignature signature = Parse(TheirSignature);
        Assert.Equal(0x612AA35F797E0E04ul, key.KeyId);
        Assert.Equal("oscircular:1 x", signature.TrustedComment);
        Assert.True(key.VerifiesComment(signature));
        Assert.True(key.Verifies(signature, "hi\n"u8));
        Assert.False(key.Verifies(signature, "hi"u8));
    }

    [Theory]
    [InlineData("\r\n")]
    [InlineData("\n")]
    public void TryParse_OtherLineEnds_AreTolerated(string end) => Assert.Equal("oscircular:1 x", Parse(TheirSignature.ReplaceLineEndings(end)).TrustedComment);

    [Fact]
    public void Sign_FixedKey_GivesTheGoldenBytes() =>
        Assert.Equal(
            """
            untrusted comment: signature from oscircular secret key
            RUQRMlR2mLrc/sAGJjvZ9mmjHHAz0Qfunqg1YG2ePbwzn+KAQg7nnU/NzUE4xQwao3xw7Lm4RWWM0BojPui8BENMSRai7TGj4Qg=
            trusted comment: said
            gaSrDQwHBgjxP6jCfu/MO/DfDdiLUsfF+CHfkze5pDd+BCVQXBCztXpH/gXfOt0+mjtJZPYIZhsDh+SVnGkyBQ==
            """.ReplaceLineEndings("\n") + "\n",
            Samples.Key.Sign(Message, "said").ToFileText());

    [Fact]
    public void Verifies_WhatWeSigned_OnlyWithThatKeyMessageAndComment()
    {
        MinisignSignature signature = Parse(Samples.Key.Sign(Message, "said").ToFileText());
        Assert.True(Samples.Key.PublicKey.VerifiesComment(signature));
        Assert.True(Samples.Key.PublicKey.Verifies(signature, Message));
        Assert.False(Samples.Key.PublicKey.Verifies(signature, "hellO"u8));
        Assert.False(Samples.OtherKey.PublicKey.VerifiesComment(signature));
        Assert.False(Samples.OtherKey.PublicKey.Verifies(signature, Message));
        Assert.False(Samples.Key.PublicKey.VerifiesComment(Parse(signature.ToFileText().Replace("said", "sold", StringComparison.Ordinal))));
    }

    [Fact]
    public void Verifies_SameKeyIdOtherKey_IsFalse()
    {
        var forger = new MinisignSecretKey(Samples.Key.PublicKey.KeyId, new byte[32]);
        MinisignSignature signature = forger.Sign(Message, "said");
        Assert.False(Samples.Key.PublicKey.VerifiesComment(signature));
        Assert.False(Samples.Key.PublicKey.Verifies(signature, Message));
    }

    [Theory]
    [InlineData("untrusted", "un-trusted")]
    [InlineData("\ntrusted", "\ntrust")]
    [InlineData("==", "")]
    [InlineData("RUQE", "RUQ")]
    [InlineData("RUQE", "RXQE")]
    [InlineData("GBg==", "GBg==\nmore")]
    public void TryParse_NotTheFormat_IsRefused(string from, string to)
    {
        string text = TheirSignature.Replace(from, to, StringComparison.Ordinal);
        Assert.NotEqual(TheirSignature, text);
        Assert.False(MinisignSignature.TryParse(Encoding.UTF8.GetBytes(text), out _, out string? fault));
        Assert.Equal("is not in minisign's format", fault);
    }

    [Fact]
    public void TryParse_NoUtf8OrTooLong_IsRefused()
    {
        byte[] bytes = Encoding.UTF8.GetBytes(TheirSignature);
        bytes[^100] = 0xff;
        Assert.False(MinisignSignature.TryParse(bytes, out _, out _));
        Assert.False(MinisignSignature.TryParse(Encoding.UTF8.GetBytes(TheirSignature + new string('\n', 10_000)), out _, out _));
    }

    [Fact]
    public void TryParse_LegacySignature_SaysSo()
    {
        Assert.False(MinisignSignature.TryParse(Encoding.UTF8.GetBytes(TheirSignature.Replace("RUQE", "RWQE", StringComparison.Ordinal)), out _, out string? fault));
        Assert.Contains("legacy", fault, StringComparison.Ordinal);
    }

    [Fact]
    public void PublicKey_BareLineAndFileText_AreTheSameKey()
    {
        MinisignPublicKey key = Samples.Key.PublicKey;
        Assert.True(MinisignPublicKey.TryParse(key.ToString(), out MinisignPublicKey? bare));
        Assert.True(MinisignPublicKey.TryParse(key.ToFileText(), out MinisignPublicKey? file));
        Assert.Equal(key, bare);
        Assert.Equal(key, file);
        Assert.NotEqual(key, Samples.OtherKey.PublicKey);
        Assert.Contains("FEDCBA9876543211", key.ToFileText(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData("RWQ")]
    [InlineData("RUQEDn55X6MqYe/jaL97US4i+PA57VMna/IJhsYi0kxnt2ijR5KLZIPs")] // "ED"
    [InlineData("RWQEDn55X6MqYQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")] // a point of small order
    [InlineData("a comment\nRWQEDn55X6MqYe/jaL97US4i+PA57VMna/IJhsYi0kxnt2ijR5KLZIPs")]
    public void PublicKey_NotOne_IsRefused(string text) => Assert.False(MinisignPublicKey.TryParse(text, out _));

    [Fact]
    public void PublicKeyLoad_NeitherFileNorKey_SaysSoOnOneLine()
    {
        var error = Assert.Throws<UserError>(() => MinisignPublicKey.Load("/no/such.pub"));
        Assert.Contains("/no/such.pub", error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', error.Message);
    }

    private static MinisignSignature Parse(string text)
    {
        Assert.True(MinisignSignature.TryParse(Encoding.UTF8.GetBytes(text), out MinisignSignature? signature, out _));
        return signature;
    }
}
