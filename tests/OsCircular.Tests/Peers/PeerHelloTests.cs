using CsCheck;
using OsCircular.Peers;

namespace OsCircular.Tests.Peers;

public sealed class PeerHelloTests
{
    private const string Id = "000102030405060708090a0b0c0d0e0f10111213";
    private const string Group = "ffeeddccbbaa99887766554433221100ffeeddcc";
    private const string Golden = $"1 id={Id} group={Group} port=7117 repository=0123456789abcdef sequence=42 fetches=1";

    private static readonly Gen<PeerId> Ids = Gen.Byte.Array[PeerId.Size].Select(bytes => new PeerId(bytes));

    private static readonly Gen<PeerHello> Hellos = Gen.Select(
        Ids, Ids, Gen.Int[1, 65535], Gen.OneOf(Gen.Const((string?)null), Gen.ULong.Select(number => (string?)number.ToString("x16", null))), Gen.Long[0, 999_999_999_999_999_999], Gen.Bool,
        (id, group, port, repository, sequence, fetches) => new PeerHello(id, group, port, repository, sequence, fetches));

    [Fact]
    public void ToString_Golden_IsAsFormatsSays()
    {
        Assert.True(PeerId.TryParse(Id, out PeerId id));
        Assert.True(PeerId.TryParse(Group, out PeerId group));
        Assert.Equal(Golden, new PeerHello(id, group, 7117, "0123456789abcdef", 42, true).ToString());
        Assert.Equal($"1 id={Id} group={Group} port=1 repository=- sequence=0 fetches=0", new PeerHello(id, group, 1, null, 0, false).ToString());
    }

    [Fact]
    public void TryParse_AnyHello_RoundTripsAndIsNeverTooLong() =>
        Hellos.Sample(
            hello =>
            {
                Assert.InRange(hello.ToString().Length, 1, PeerHello.MaxLength);
                Assert.True(PeerHello.TryParse(hello.ToString(), out PeerHello? read));
                Assert.Equal(hello, read);
            },
            time: 1,
            threads: 1);

    [Theory]
    [InlineData($"1 fetches=0 sequence=0 repository=- port=1 group={Group} id={Id}")] // in any order
    [InlineData($"1 id={Id} group={Group} port=1 repository=- sequence=0 fetches=0 colour=red")] // a field of a newer agent
    [InlineData($"1 id={Id} group={Group} port=1 repository=- sequence=0 fetches=0 a=b=c x=")]
    public void TryParse_Tolerable_IsRead(string text) => Assert.True(PeerHello.TryParse(text, out _));

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("1")]
    [InlineData($"2 id={Id} group={Group} port=7117 repository=- sequence=0 fetches=0")]
    [InlineData($"1  id={Id} group={Group} port=7117 repository=- sequence=0 fetches=0")]
    [InlineData($"1 id={Id} id={Id} group={Group} port=7117 repository=- sequence=0 fetches=0")]
    [InlineData($"1 id={Id} group={Group} port=0 repository=- sequence=0 fetches=0")]
    [InlineData($"1 id={Id} group={Group} port=65536 repository=- sequence=0 fetches=0")]
    [InlineData($"1 id={Id} group={Group} port=+1 repository=- sequence=0 fetches=0")]
    [InlineData($"1 id={Id} group={Group} port=7117 repository=0123456789ABCDEF sequence=0 fetches=0")]
    [InlineData($"1 id={Id} group={Group} port=7117 repository=0123 sequence=0 fetches=0")]
    [InlineData($"1 id={Id} group={Group} port=7117 repository=- sequence=-1 fetches=0")]
    [InlineData($"1 id={Id} group={Group} port=7117 repository=- sequence=1000000000000000000 fetches=0")]
    [InlineData($"1 id={Id} group={Group} port=7117 repository=- sequence=0 fetches=2")]
    [InlineData($"1 id={Id} group={Group} port=7117 repository=- sequence=0")]
    [InlineData($"1 id={Id} group={Group} port=7117 sequence=0 fetches=0")]
    [InlineData($"1 id={Id} port=7117 repository=- sequence=0 fetches=0")]
    [InlineData($"1 id=00 group={Group} port=7117 repository=- sequence=0 fetches=0")]
    public void TryParse_Wrong_IsRefused(string? text)
    {
        Assert.False(PeerHello.TryParse(text, out PeerHello? hello));
        Assert.Null(hello);
    }

    [Fact]
    public void TryParse_TooLong_IsRefused() => Assert.False(PeerHello.TryParse($"{Golden} x={new string('y', PeerHello.MaxLength)}", out _));

    [Fact]
    public void TryParse_MangledHello_NeverThrowsAndReadsOnlyWhatItWouldWrite() =>
        Gen.Select(Hellos, Gen.Int[0, 200], Gen.OneOf(Gen.Char.Select(letter => letter.ToString()), Gen.String[0, 20], Gen.Const(" "), Gen.Const("="))).Sample(
            (hello, at, junk) =>
            {
                string text = hello.ToString();
                string mangled = text.Insert(Math.Min(at, text.Length), junk);
                if (PeerHello.TryParse(mangled, out PeerHello? read)) Assert.True(PeerHello.TryParse(read.ToString(), out _));
            },
            time: 2,
            threads: 1);
}
