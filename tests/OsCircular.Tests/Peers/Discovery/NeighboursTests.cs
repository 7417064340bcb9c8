using System.Net;
using System.Net.NetworkInformation;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using OsCircular.Peers.Discovery;
using OsCircular.TestKit.Peers;

namespace OsCircular.Tests.Peers.Discovery;

public sealed class NeighboursTests
{
    private static readonly NetworkLink Loopback = Link("lo", 1, LinkKind.Loopback, "127.0.0.1/8", "::1/128");
    private static readonly NetworkLink Card = Link("eth0", 2, LinkKind.Lan, "10.1.2.3/20", "fd00:1::5/64", "fe80::1%2/64");
    private static readonly NetworkLink Containers = Link("docker0", 3, LinkKind.GuestBridge, "172.17.0.1/16", "fe80::2%3/64");
    private static readonly NetworkLink Tunnel = Link("tun0", 4, LinkKind.PointToPoint, "10.8.0.2/24");

    private readonly FakeTimeProvider _time = new();

    [Theory]
    [InlineData("10.1.0.1", true)]
    [InlineData("10.1.15.255", true)]
    [InlineData("10.1.16.1", false)]
    [InlineData("10.0.2.3", false)]
    [InlineData("::ffff:10.1.2.9", true)]
    [InlineData("::ffff:8.8.8.8", false)]
    [InlineData("fd00:1::99", true)]
    [InlineData("fd00:1:0:1::99", false)]
    [InlineData("fe80::99%2", true)]
    [InlineData("fe80::99%3", false)] // the containers' bridge has the same subnet
    [InlineData("fe80::99", false)] // and nothing says which is meant
    [InlineData("172.17.0.2", false)]
    [InlineData("10.8.0.1", false)]
    [InlineData("127.0.0.9", true)]
    [InlineData("::1", true)]
    [InlineData("::ffff:127.0.0.1", true)]
    [InlineData("8.8.8.8", false)]
    [InlineData("::", false)]
    public void MayBeMember_WithACardContainersAndATunnel_IsWhoIsOnTheCardsNetwork(string address, bool may) =>
        Assert.Equal(may, Of([]).MayBeMember(IPAddress.Parse(address)));

    [Theory]
    [InlineData("10.1.0.1", false)]
    [InlineData("172.17.0.2", true)]
    [InlineData("127.0.0.1", true)]
    public void MayBeMember_OneInterfaceNamed_IsWhoIsOnThatOne(string address, bool may) =>
        Assert.Equal(may, Of(["docker0"]).MayBeMember(IPAddress.Parse(address)));

    [Fact]
    public void Current_Named_AreTheseAndNotLoopback()
    {
        Assert.Equal([Card], Of([]).Current());
        Assert.Equal([Card, Tunnel], Of(["tun0", "eth0", "lo", "absent"]).Current());
    }

    [Fact]
    public void Current_InterfaceThatIsDown_IsLeftOut()
    {
        var neighbours = new Neighbours([], _time, NullLogger.Instance, () => [Card with { IsUp = false }]);
        Assert.Empty(neighbours.Current());
        Assert.False(neighbours.MayBeMember(IPAddress.Parse("10.1.2.9")));
    }

    [Fact]
    public void Current_AskedOften_IsReadEveryFiveSeconds()
    {
        int reads = 0;
        var neighbours = new Neighbours([], _time, NullLogger.Instance, () => ++reads == 1 ? [] : [Card]);
        Assert.False(neighbours.MayBeMember(IPAddress.Parse("10.1.2.9")));
        _time.Advance(Neighbours.Freshness - TimeSpan.FromMilliseconds(1));
        Assert.False(neighbours.MayBeMember(IPAddress.Parse("10.1.2.9")));
        Assert.Equal(1, reads);
        _time.Advance(TimeSpan.FromMilliseconds(1));
        Assert.True(neighbours.MayBeMember(IPAddress.Parse("10.1.2.9")));
        Assert.Equal(2, reads);
    }

    [Fact]
    public void Current_CannotBeRead_KeepsWhatWasAndSaysSoOnce()
    {
        bool fails = false;
        var log = new RecordedLog();
        var neighbours = new Neighbours([], _time, log, () => fails ? throw new NetworkInformationException(1) : [Card]);
        Assert.Equal([Card], neighbours.Current());
        fails = true;
        for (int i = 0; i < 3; i++)
        {
            _time.Advance(Neighbours.Freshness);
            Assert.Equal([Card], neighbours.Current());
        }

        Assert.Single(log.Lines);
    }

    [Theory]
    [InlineData("10.0.0.1/32", "10.0.0.1", true)]
    [InlineData("10.0.0.1/32", "10.0.0.0", false)]
    [InlineData("10.0.0.1/31", "10.0.0.0", true)]
    [InlineData("10.0.0.1/9", "10.127.0.0", true)]
    [InlineData("10.0.0.1/9", "10.128.0.0", false)]
    [InlineData("10.0.0.1/0", "10.0.0.2", false)]
    [InlineData("fd00::1/121", "fd00::7f", true)]
    [InlineData("fd00::1/121", "fd00::80", false)]
    [InlineData("fd00::1/128", "fd00::1", true)]
    [InlineData("10.0.0.1/8", "fd00::1", false)]
    public void Reaches_Subnet_IsByItsBits(string own, string other, bool reaches) => Assert.Equal(reaches, Address(own).Reaches(IPAddress.Parse(other)));

    private Neighbours Of(string[] only) => new(only, _time, NullLogger.Instance, () => [Loopback, Card, Containers, Tunnel]);

    private static NetworkLink Link(string name, int index, LinkKind kind, params string[] addresses) =>
        new(name, index, kind, IsUp: true, Multicast: true, [.. addresses.Select(Address)]);

    private static LinkAddress Address(string text) => new(IPAddress.Parse(text.Split('/')[0]), int.Parse(text.Split('/')[1]));
}
