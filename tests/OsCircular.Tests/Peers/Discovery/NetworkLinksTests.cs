using System.Net;
using System.Net.NetworkInformation;
using OsCircular.Peers.Discovery;
using OsCircular.TestKit;

namespace OsCircular.Tests.Peers.Discovery;

public sealed class NetworkLinksTests : IDisposable
{
    private readonly TempDirectory _sys = new();

    public NetworkLinksTests()
    {
        Add("eth0", "device");
        Add("eth0.7", "lower_eth0");
        Add("bond0", "lower_eth0");
        Add("bond0.7", "lower_bond0");
        Add("wlan0", "device");
        Add("veth1", "brport");
        Add("eth1", "device", "brport");
        Add("vnet0", "tun_flags", "brport");
        Add("tap0", "tun_flags");
        Add("virbr0", "bridge", "brif/vnet0", "lower_vnet0");
        Add("docker0", "bridge", "brif/veth1");
        Add("lxcbr0", "bridge");
        Add("br0", "bridge", "brif/veth1", "brif/eth1");
        Add("br1", "bridge", "brif/bond0.7");
        Add("br2", "bridge", "brif/br2"); // a loop that a real kernel does not make
        Add("br2", "lower_br2");
    }

    public void Dispose() => _sys.Dispose();

    [Theory]
    [InlineData("eth0", LinkKind.Lan)]
    [InlineData("eth0.7", LinkKind.Lan)]
    [InlineData("wlan0", LinkKind.Lan)]
    [InlineData("not-in-sysfs", LinkKind.Lan)]
    [InlineData("veth1", LinkKind.BridgePort)]
    [InlineData("eth1", LinkKind.BridgePort)]
    [InlineData("tap0", LinkKind.PointToPoint)]
    [InlineData("virbr0", LinkKind.GuestBridge)]
    [InlineData("docker0", LinkKind.GuestBridge)]
    [InlineData("lxcbr0", LinkKind.GuestBridge)]
    [InlineData("br0", LinkKind.Lan)]
    [InlineData("br1", LinkKind.Lan)]
    [InlineData("br2", LinkKind.GuestBridge)]
    public void KindOf_ByWhatSysfsSays_IsRight(string name, LinkKind kind) =>
        Assert.Equal(kind, NetworkLinks.KindOf(name, NetworkInterfaceType.Ethernet, _sys.Path));

    [Theory]
    [InlineData(NetworkInterfaceType.Loopback, LinkKind.Loopback)]
    [InlineData(NetworkInterfaceType.Ppp, LinkKind.PointToPoint)]
    [InlineData(NetworkInterfaceType.Tunnel, LinkKind.PointToPoint)]
    [InlineData(NetworkInterfaceType.Unknown, LinkKind.PointToPoint)]
    [InlineData(NetworkInterfaceType.Wireless80211, LinkKind.Lan)]
    public void KindOf_ByType_IsRight(NetworkInterfaceType type, LinkKind kind) => Assert.Equal(kind, NetworkLinks.KindOf("any", type, _sys.Path));

    [Fact]
    public void Read_ThisHost_HasLoopback()
    {
        NetworkLink loopback = Assert.Single(NetworkLinks.Read(), link => link.Kind == LinkKind.Loopback);
        Assert.True(loopback.IsUp);
        Assert.True(loopback.Index > 0);
        Assert.Contains(new LinkAddress(IPAddress.Loopback, 8), loopback.Addresses);
    }

    private void Add(string name, params string[] entries)
    {
        foreach (string entry in entries) _sys.Folder($"{name}/{entry}");
    }
}
