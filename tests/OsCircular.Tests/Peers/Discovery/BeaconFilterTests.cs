using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Time.Testing;
using OsCircular.Peers;
using OsCircular.Peers.Discovery;

namespace OsCircular.Tests.Peers.Discovery;

public sealed class BeaconFilterTests
{
    private static readonly PeerId Group = new([.. Enumerable.Repeat((byte)1, 20)]);
    private static readonly PeerId Other = new([.. Enumerable.Repeat((byte)2, 20)]);
    private static readonly IPAddress Neighbour = IPAddress.Parse("10.0.0.7");

    private readonly BeaconFilter _filter = new(Group, "own", Neighbour.Equals, new FakeTimeProvider());

    [Fact]
    public void Hear_EachKind_IsToldAndCounted()
    {
        Assert.Equal(BeaconMeaning.Found, Hear(new Beacon([Other, Group], 7117, "another", BeaconKind.Hello), Neighbour));
        Assert.Equal(BeaconMeaning.Limited, Hear(new Beacon([Group], 7117, "another", BeaconKind.Hello), Neighbour));
        Assert.Equal(BeaconMeaning.Leaving, Hear(new Beacon([Group], 7117, "another", BeaconKind.Bye), Neighbour));
        Assert.Equal(BeaconMeaning.Own, Hear(new Beacon([Group], 7117, "own", BeaconKind.Hello), Neighbour));
        Assert.Equal(BeaconMeaning.OtherGroup, Hear(new Beacon([Other], 7117, "another", BeaconKind.Hello), Neighbour));
        Assert.Equal(BeaconMeaning.Stranger, Hear(new Beacon([Group], 7117, "another", BeaconKind.Hello), IPAddress.Parse("192.0.2.1")));
        Assert.Equal(BeaconMeaning.Malformed, _filter.Hear("nonsense"u8, Neighbour, out _));
        _filter.Sent();
        Assert.Equal(new BeaconCounters(Sent: 1, Heard: 7, Own: 1, OtherGroup: 1, Malformed: 1, Strangers: 1, Limited: 1, Passed: 2), _filter.Counters);
    }

    [Fact]
    public void Hear_Found_NamesThePort()
    {
        byte[] bytes = new byte[Beacon.MaxLength];
        int length = new Beacon([Group], 4711, "another", BeaconKind.Hello).Write(bytes, AddressFamily.InterNetwork);
        _filter.Hear(bytes.AsSpan(0, length), Neighbour, out int port);
        Assert.Equal(4711, port);
    }

    private BeaconMeaning Hear(Beacon beacon, IPAddress from)
    {
        byte[] bytes = new byte[Beacon.MaxLength];
        return _filter.Hear(bytes.AsSpan(0, beacon.Write(bytes, AddressFamily.InterNetwork)), from, out _);
    }
}
