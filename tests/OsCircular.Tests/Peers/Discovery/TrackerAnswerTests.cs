using System.Text;
using CsCheck;
using OsCircular.Peers.Discovery;

namespace OsCircular.Tests.Peers.Discovery;

public sealed class TrackerAnswerTests
{
    private static readonly string[] Keys = ["5:peers", "6:peers6", "8:interval", "12:min interval", "14:failure reason", "2:ip"];
    private static readonly string[] Hosts = ["8:10.0.0.7", "i1e", "0:", "2:::"];

    [Fact]
    public void Parse_Compact_HasPeersOfBothFamilies()
    {
        TrackerAnswer answer = Parse("d8:intervali1800e5:peers12:\x0a\x00\x00\x07\x1b\xcd\x7f\x00\x00\x01\x00\x01" +
            "6:peers618:\xfd\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x07\x1b\xcd" + "e");
        Assert.Null(answer.Problem);
        Assert.Equal(["10.0.0.7:7117", "127.0.0.1:1", "[fd00::7]:7117"], answer.Peers.Select(peer => peer.ToString()));
        Assert.Equal(TimeSpan.FromMinutes(30), answer.Interval);
    }

    [Fact]
    public void Parse_Dictionaries_HasThosePeersThatAreAddresses()
    {
        TrackerAnswer answer = Parse("d5:peersl" +
            "d2:ip8:10.0.0.77:peer id20:aaaaaaaaaaaaaaaaaaaa4:porti7117ee" +
            "d2:ip7:fd00::74:porti7117ee" +
            "d2:ip8:lab-07.a4:porti7117ee" + // a name
            "d2:ip8:10.0.0.84:porti0ee" + "d2:ip8:10.0.0.84:porti65536ee" + "d2:ip8:10.0.0.84:port4:7117e" + "d4:porti7117ee" + "i7ee" + "e");
        Assert.Equal(["10.0.0.7:7117", "[fd00::7]:7117"], answer.Peers.Select(peer => peer.ToString()));
    }

    [Theory]
    [InlineData("d5:peers6:\x0a\x00\x00\x07\x00\x00" + "e", 0)] // port 0
    [InlineData("d5:peers6:\x00\x00\x00\x00\x1b\xcd" + "e", 0)] // 0.0.0.0
    [InlineData("d5:peers6:\xff\xff\xff\xff\x1b\xcd" + "e", 0)] // everybody
    [InlineData("d5:peers6:\xef\x00\x00\x01\x1b\xcd" + "e", 0)] // a multicast group
    [InlineData("d6:peers618:\xff\x02\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x01\x1b\xcd" + "e", 0)]
    [InlineData("d5:peers11:\x0a\x00\x00\x07\x1b\xcd\x0a\x00\x00\x08\x1b" + "e", 1)] // torn
    [InlineData("d5:peers12:\x0a\x00\x00\x07\x1b\xcd\x0a\x00\x00\x07\x1b\xcd" + "e", 1)] // twice
    [InlineData("d5:peers0:e", 0)]
    [InlineData("d5:peersi7ee", 0)]
    [InlineData("de", 0)]
    public void Parse_AddressesOfNoUse_AreLeftOut(string body, int peers)
    {
        TrackerAnswer answer = Parse(body);
        Assert.Null(answer.Problem);
        Assert.Equal(peers, answer.Peers.Count);
    }

    [Fact]
    public void Parse_VeryManyPeers_TakesSome()
    {
        byte[] peers = [.. Enumerable.Range(1, 1000).SelectMany(i => (byte[])[10, 0, (byte)(i >> 8), (byte)i, 27, 205])];
        byte[] body = [.. Encoding.ASCII.GetBytes($"d5:peers{peers.Length}:"), .. peers, (byte)'e'];
        Assert.Equal(TrackerAnswer.MostPeers, TrackerAnswer.Parse(body).Peers.Count);
    }

    [Theory]
    [InlineData("d8:intervali600ee", 600)]
    [InlineData("d8:intervali600e12:min intervali900ee", 900)]
    [InlineData("d8:intervali600e12:min intervali60ee", 600)]
    [InlineData("d8:intervali1ee", 30)]
    [InlineData("d8:intervali-9223372036854775808ee", 30)]
    [InlineData("d8:intervali9223372036854775807ee", 3600)]
    [InlineData("d8:interval3:600e", 1800)]
    [InlineData("de", 1800)]
    public void Parse_Interval_IsWithinBounds(string body, int seconds) => Assert.Equal(TimeSpan.FromSeconds(seconds), Parse(body).Interval);

    [Theory]
    [InlineData("d14:failure reason9:no accesse", "it refuses: no access")]
    [InlineData("d14:failure reason7:a\n\x1b[31me", "it refuses: a  [31m")]
    [InlineData("d14:failure reasoni7ee", "it refuses: no reason given")]
    [InlineData("le", "what it answers is not a tracker's answer")]
    [InlineData("<html>", "what it answers is not a tracker's answer")]
    [InlineData("", "what it answers is not a tracker's answer")]
    public void Parse_Failure_IsTold(string body, string problem)
    {
        TrackerAnswer answer = Parse(body);
        Assert.Equal(problem, answer.Problem);
        Assert.Empty(answer.Peers);
    }

    [Fact]
    public void Parse_LongReason_IsCut() => Assert.InRange(Parse($"d14:failure reason5000:{new string('x', 5000)}e").Problem!.Length, 200, 220);

    [Fact]
    public void Parse_AnyMembers_NeverThrows() =>
        Gen.Select(
            Gen.Int[0, Keys.Length - 1].Select(key => Keys[key]),
            Gen.OneOf(
                Gen.Long.Select(number => $"i{number}e"),
                Gen.Byte.Array[0, 40].Select(bytes => $"{bytes.Length}:{Encoding.Latin1.GetString(bytes)}"),
                Gen.Select(Gen.Int[0, Hosts.Length - 1].Select(host => Hosts[host]), Gen.Long, (ip, port) => $"ld2:ip{ip}4:porti{port}eee")),
            (key, value) => key + value).Array[0, 6]
        .Sample(
            members => Assert.All(Parse($"d{string.Concat(members)}e").Peers, peer => Assert.InRange(peer.Port, 1, 65535)),
            time: 1,
            threads: 1);

    private static TrackerAnswer Parse(string body) => TrackerAnswer.Parse(Encoding.Latin1.GetBytes(body));
}
