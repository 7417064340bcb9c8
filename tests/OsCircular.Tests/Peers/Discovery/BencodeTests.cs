using System.Text;
using CsCheck;
using OsCircular.Peers.Discovery;

namespace OsCircular.Tests.Peers.Discovery;

public sealed class BencodeTests
{
    private static readonly string[] Parts = ["i1e", "1:a", "l", "d", "e", "0:", "3:abc", "i-7e", "d1:a"];

    [Fact]
    public void TryParse_EachKind_IsRead()
    {
        BencodeValue value = Parse("d1:ai-42e1:bl0:4:spami0ee1:cdee");
        Assert.Equal(-42, value.Members!["a"].Integer);
        Assert.Equal(["", "spam", null], value.Members["b"].Items!.Select(item => item.Bytes is { } bytes ? Encoding.Latin1.GetString(bytes.Span) : null));
        Assert.Empty(value.Members["c"].Members!);
        Assert.Equal(long.MaxValue, Parse($"i{long.MaxValue}e").Integer);
        Assert.Equal(long.MinValue, Parse($"i{long.MinValue}e").Integer);
    }

    [Theory]
    [InlineData("")]
    [InlineData("e")]
    [InlineData("x")]
    [InlineData("i")]
    [InlineData("ie")]
    [InlineData("i-e")]
    [InlineData("i03e")]
    [InlineData("i-0e")]
    [InlineData("i-03e")]
    [InlineData("i+3e")]
    [InlineData("i 3e")]
    [InlineData("i3")]
    [InlineData("i9223372036854775808e")]
    [InlineData("i1ei2e")]
    [InlineData("01:a")]
    [InlineData("-1:a")]
    [InlineData("2:a")]
    [InlineData("1:ab")]
    [InlineData(":a")]
    [InlineData("99999999999999999999:a")]
    [InlineData("4294967297:a")]
    [InlineData("l")]
    [InlineData("li1e")]
    [InlineData("lee")]
    [InlineData("d")]
    [InlineData("d1:ae")]
    [InlineData("d1:ai1e")]
    [InlineData("di1ei2ee")]
    [InlineData("d1:ai1e1:ai2ee")]
    public void TryParse_Wrong_IsRefused(string text) => Assert.False(TryParse(text));

    [Theory]
    [InlineData(Bencode.MaxDepth, true)]
    [InlineData(Bencode.MaxDepth + 1, false)]
    [InlineData(30_000, false)]
    public void TryParse_Depth_IsBounded(int depth, bool read) => Assert.Equal(read, TryParse(new string('l', depth) + new string('e', depth)));

    [Theory]
    [InlineData(Bencode.MaxValues - 1, true)]
    [InlineData(Bencode.MaxValues, false)]
    public void TryParse_NumberOfValues_IsBounded(int items, bool read) => Assert.Equal(read, TryParse($"l{string.Concat(Enumerable.Repeat("0:", items))}e"));

    [Theory]
    [InlineData(Bencode.MaxLength, true)]
    [InlineData(Bencode.MaxLength + 1, false)]
    public void TryParse_Length_IsBounded(int length, bool read) => Assert.Equal(read, TryParse($"{length - 6}:{new string('x', length - 6)}"));

    [Fact]
    public void TryParse_AnyBytes_NeverThrows() =>
        Gen.OneOf(
            Gen.Byte.Array[0, 64],
            Gen.Char["idle0123456789:-ab"].Array[0, 64].Select(letters => Encoding.Latin1.GetBytes(letters)),
            Gen.Int[0, Parts.Length - 1].Array[0, 30].Select(parts => Encoding.Latin1.GetBytes(string.Concat(parts.Select(part => Parts[part])))))
        .Sample(
            bytes =>
            {
                if (Bencode.TryParse(bytes, out BencodeValue? value)) Assert.Equal(Encoding.Latin1.GetString(bytes), Written(value!));
            },
            time: 2,
            threads: 1);

    private static BencodeValue Parse(string text)
    {
        Assert.True(Bencode.TryParse(Encoding.Latin1.GetBytes(text), out BencodeValue? value));
        return value;
    }

    private static bool TryParse(string text) => Bencode.TryParse(Encoding.Latin1.GetBytes(text), out _);

    // What is read has one way to be written, keys in the order they had.
    private static string Written(BencodeValue value) => value switch
    {
        { Integer: { } number } => $"i{number}e",
        { Bytes: { } bytes } => $"{bytes.Length}:{Encoding.Latin1.GetString(bytes.Span)}",
        { Items: { } items } => $"l{string.Concat(items.Select(Written))}e",
        _ => $"d{string.Concat(value.Members!.Select(member => $"{member.Key.Length}:{member.Key}{Written(member.Value)}"))}e",
    };
}
