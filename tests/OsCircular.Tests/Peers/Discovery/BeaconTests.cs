using System.Net.Sockets;
using System.Text;
using CsCheck;
using OsCircular.Peers;
using OsCircular.Peers.Discovery;

namespace OsCircular.Tests.Peers.Discovery;

public sealed class BeaconTests
{
    private const string GroupText = "000102030405060708090a0b0c0d0e0f10111213";

    private static readonly Beacon Own = new([Id(GroupText)], 7117, "0123456789abcdef", BeaconKind.Hello);

    [Fact]
    public void Write_HelloOverIPv4_IsTheseBytes() => Assert.Equal(
        "BT-SEARCH * HTTP/1.1\r\nHost: 239.192.152.143:6771\r\nPort: 7117\r\nInfohash: 000102030405060708090a0b0c0d0e0f10111213\r\n" +
        "cookie: 0123456789abcdef\r\nOscircular: 1 hello\r\n\r\n\r\n",
        Written(Own, AddressFamily.InterNetwork));

    [Fact]
    public void Write_ByeOverIPv6_IsTheseBytes() => Assert.Equal(
        "BT-SEARCH * HTTP/1.1\r\nHost: [ff15::efc0:988f]:6771\r\nPort: 1\r\nInfohash: 000102030405060708090a0b0c0d0e0f10111213\r\n" +
        "cookie: 0123456789abcdef\r\nOscircular: 1 bye\r\n\r\n\r\n",
        Written(Own with { Kind = BeaconKind.Bye, Port = 1 }, AddressFamily.InterNetworkV6));

    [Fact]
    public void TryParse_ABitTorrentClients_IsAHelloOfItsInfoHashes()
    {
        Assert.True(Parse($"""
            BT-SEARCH * HTTP/1.1
            Host: 239.192.152.143:6771
            Port: 51413
            Infohash: {GroupText.ToUpperInvariant()}
            Infohash: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa
            Infohash: bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb
            cookie: some client


            """, out Beacon? beacon));
        Assert.Equal([Id(GroupText), Id(new string('a', 40))], beacon!.Groups);
        Assert.Equal((51413, "some client", BeaconKind.Hello), (beacon.Port, beacon.Cookie, beacon.Kind));
    }

    [Theory]
    [InlineData("port : 9\ninfohash:" + GroupText + "\noscircular:1 bye\n\n", 9, true)] // names in any case, no cookie
    [InlineData("X-New: a: b\nPort: 9\nInfohash: " + GroupText + "\nOscircular: 2 sleeping\n\n", 9, false)] // headers and words not known
    [InlineData("Port: 9\nInfohash: " + GroupText, 9, false)] // no empty line
    [InlineData("Port: 9\nInfohash: " + GroupText + "\n\nPort: 10\nno header", 9, false)] // what comes after the empty line
    [InlineData("Port: 65535\nPort: 10\nInfohash: " + GroupText + "\n\n", 65535, false)] // the first one counts
    public void TryParse_UnusualButRight_IsRead(string headers, int port, bool bye)
    {
        Assert.True(Parse("BT-SEARCH * HTTP/1.1\n" + headers, out Beacon? beacon));
        Assert.Equal((port, bye), (beacon!.Port, beacon.Kind == BeaconKind.Bye));
    }

    [Theory]
    [InlineData("")]
    [InlineData("BT-SEARCH * HTTP/1.1")]
    [InlineData("BT-SEARCH * HTTP/1.0\nPort: 9\nInfohash: " + GroupText + "\n\n")]
    [InlineData("M-SEARCH * HTTP/1.1\nPort: 9\nInfohash: " + GroupText + "\n\n")]
    [InlineData("BT-SEARCH * HTTP/1.1\nInfohash: " + GroupText + "\n\n")]
    [InlineData("BT-SEARCH * HTTP/1.1\nPort: 9\n\n")]
    [InlineData("BT-SEARCH * HTTP/1.1\nPort: 0\nInfohash: " + GroupText + "\n\n")]
    [InlineData("BT-SEARCH * HTTP/1.1\nPort: 65536\nInfohash: " + GroupText + "\n\n")]
    [InlineData("BT-SEARCH * HTTP/1.1\nPort: +9\nInfohash: " + GroupText + "\n\n")]
    [InlineData("BT-SEARCH * HTTP/1.1\nPort: 9\nInfohash: " + GroupText + "0\n\n")]
    [InlineData("BT-SEARCH * HTTP/1.1\nPort: 9\nno header\nInfohash: " + GroupText + "\n\n")]
    [InlineData("BT-SEARCH * HTTP/1.1\nPort: 9\n: nameless\nInfohash: " + GroupText + "\n\n")]
    public void TryParse_Wrong_IsRefused(string text) => Assert.False(Parse(text, out _));

    [Fact]
    public void TryParse_LongerThanABeaconMayBe_IsRefused()
    {
        string text = $"BT-SEARCH * HTTP/1.1\nPort: 9\nInfohash: {GroupText}\n\n";
        Assert.True(Parse(text.PadRight(Beacon.MaxLength), out _));
        Assert.False(Parse(text.PadRight(Beacon.MaxLength + 1), out _));
    }

    [Fact]
    public void TryParse_WhatWasWritten_IsTheSame() =>
        Gen.Select(Gen.Byte.Array[20].Array[1, 20], Gen.Int[1, 65535], Gen.Char["0123456789abcdef"].Array[16], Gen.Bool).Sample((ids, port, cookie, bye) =>
        {
            var beacon = new Beacon([.. ids.Select(id => new PeerId(id))], port, new string(cookie), bye ? BeaconKind.Bye : BeaconKind.Hello);
            Assert.True(Parse(Written(beacon, bye ? AddressFamily.InterNetwork : AddressFamily.InterNetworkV6), out Beacon? read));
            Assert.Equal(beacon.Groups, read!.Groups);
            Assert.Equal(beacon with { Groups = read.Groups }, read);
        });

    [Fact]
    public void TryParse_AnyBytes_NeverThrows()
    {
        byte[] good = Encoding.ASCII.GetBytes(Written(Own, AddressFamily.InterNetwork));
        Gen<byte[]> damaged = Gen.Select(Gen.Int[0, good.Length - 1], Gen.Byte.Array[0, 4], Gen.Int[0, 1]).Array[1, 4].Select(edits =>
        {
            byte[] bytes = good;
            foreach ((int at, byte[] put, int skip) in edits)
            {
                int start = Math.Min(at, bytes.Length);
                bytes = [.. bytes[..start], .. put, .. bytes[Math.Min(bytes.Length, start + (skip * put.Length))..]];
            }

            return bytes;
        });
        Gen.OneOf(Gen.Byte.Array[0, 1500], damaged).Sample(
            bytes =>
            {
                if (!Beacon.TryParse(bytes, out Beacon? beacon)) return;
                Assert.InRange(beacon.Port, 1, 65535);
                Assert.NotEmpty(beacon.Groups);
            },
            time: 2,
            threads: 1);
    }

    private static PeerId Id(string text)
    {
        Assert.True(PeerId.TryParse(text, out PeerId id));
        return id;
    }

    private static string Written(Beacon beacon, AddressFamily family)
    {
        byte[] bytes = new byte[Beacon.MaxLength];
        return Encoding.ASCII.GetString(bytes, 0, beacon.Write(bytes, family));
    }

    private static bool Parse(string text, out Beacon? beacon) => Beacon.TryParse(Encoding.Latin1.GetBytes(text), out beacon);
}
