using System.Net;
using System.Text;
using CsCheck;
using OsCircular.Peers.Discovery;

namespace OsCircular.Tests.Peers.Discovery;

public sealed class RememberedPeersTests
{
    private const string Golden = """
        {"format":1,"peers":[{"address":"10.77.0.3:7117","seen":"2026-01-31"},{"address":"[fd00::3]:80","seen":"2026-02-01"}]}

        """;

    private static readonly RememberedPeer[] Peers =
    [
        new(IPEndPoint.Parse("10.77.0.3:7117"), new DateOnly(2026, 1, 31)), new(IPEndPoint.Parse("[fd00::3]:80"), new DateOnly(2026, 2, 1)),
    ];

    [Fact]
    public void Serialize_TwoPeers_IsTheseBytes() => Assert.Equal(Golden, Encoding.UTF8.GetString(RememberedPeers.Serialize(Peers)));

    [Fact]
    public void TryParse_TheseBytes_AreTwoPeers()
    {
        Assert.True(RememberedPeers.TryParse(Encoding.UTF8.GetBytes(Golden), out IReadOnlyList<RememberedPeer>? peers));
        Assert.Equal(Peers, peers);
    }

    [Fact]
    public void Serialize_WhatIsOfNoUseLater_IsLeftOut() => Assert.Equal(
        """{"format":1,"peers":[{"address":"10.0.0.1:7117","seen":"0001-01-01"}]}""" + "\n",
        Encoding.UTF8.GetString(RememberedPeers.Serialize(
            ((string[])["[fe80::1%2]:7117", "10.0.0.1:0", "[::ffff:10.0.0.1]:7117"]).Select(text => new RememberedPeer(IPEndPoint.Parse(text), default)))));

    [Fact]
    public void Serialize_MoreThanAreKept_KeepsTheFirst()
    {
        byte[] bytes = RememberedPeers.Serialize(Enumerable.Range(0, 1000).Select(i => new RememberedPeer(new IPEndPoint(new IPAddress([10, 0, (byte)(i >> 8), (byte)i]), 7117), default)));
        Assert.True(RememberedPeers.TryParse(bytes, out IReadOnlyList<RememberedPeer>? peers));
        Assert.Equal(RememberedPeers.Most, peers.Count);
        Assert.Equal("10.0.0.0:7117", peers[0].Address.ToString());
    }

    [Theory]
    [InlineData("")]
    [InlineData("null")]
    [InlineData("{}")]
    [InlineData("""{"format":2,"peers":[]}""")]
    [InlineData("""{"format":1}""")]
    [InlineData("""{"format":1,"peers":null}""")]
    [InlineData("""{"format":1,"peers":[null]}""")]
    [InlineData("""{"format":1,"peers":[{"address":null,"seen":"2026-01-31"}]}""")]
    [InlineData("""{"format":1,"peers":[{"address":"10.0.0.1:7117"}]}""")]
    [InlineData("""{"format":1,"peers":[{"address":"10.0.0.1:7117","seen":"yesterday"}]}""")]
    [InlineData("""{"format":1,"peers":[{"address":"lab:7117","seen":"2026-01-31"}]}""")]
    [InlineData("""{"format":1,"peers":[{"address":"7117","seen":"2026-01-31"}]}""")]
    [InlineData("""{"format":1,"peers":[{"address":"10.0.0.1","seen":"2026-01-31"}]}""")]
    [InlineData("""{"format":1,"peers":[{"address":"10.0.0.1:0","seen":"2026-01-31"}]}""")]
    [InlineData("""{"format":1,"peers":[]} x""")]
    public void TryParse_Wrong_IsRefused(string text) => Assert.False(RememberedPeers.TryParse(Encoding.UTF8.GetBytes(text), out _));

    [Fact]
    public void TryParse_TooLongOrTooMany_IsRefused()
    {
        string one = """{"address":"10.0.0.1:7117","seen":"2026-01-31"}""";
        string List(int count) => $$"""{"format":1,"peers":[{{string.Join(',', Enumerable.Repeat(one, count))}}]}""";
        Assert.True(RememberedPeers.TryParse(Encoding.UTF8.GetBytes(List(RememberedPeers.Most)), out _));
        Assert.False(RememberedPeers.TryParse(Encoding.UTF8.GetBytes(List(RememberedPeers.Most + 1)), out _));
        Assert.False(RememberedPeers.TryParse(Encoding.UTF8.GetBytes(List(1).PadRight(RememberedPeers.MaxLength + 1)), out _));
    }

    [Fact]
    public void TryParse_DamagedBytes_NeverThrows() =>
        Gen.Select(Gen.Int[0, Golden.Length - 1], Gen.Byte).Array[1, 5].Sample(
            edits =>
            {
                byte[] bytes = Encoding.UTF8.GetBytes(Golden);
                foreach ((int at, byte value) in edits) bytes[at] = value;
                if (!RememberedPeers.TryParse(bytes, out IReadOnlyList<RememberedPeer>? peers)) return;
                Assert.True(RememberedPeers.TryParse(RememberedPeers.Serialize(peers), out _));
            },
            time: 1,
            threads: 1);
}
