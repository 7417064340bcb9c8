using System.Net;
using System.Text;

namespace OsCircular.TestKit.Labs;

/// <summary>
/// The commands that build a lab. Host i is 10.77.0.i/24 and fd77::i/64 on one bridge; the router, 10.77.0.254, leads to the mirror, 10.88.0.1/24. What leaves a
/// host or goes to it is limited to the LAN's rate, and both ways of the line between router and mirror to the uplink's.
/// </summary>
internal sealed class LabPlan
{
    private readonly StringBuilder _script = new();

    public static IPAddress MirrorAddress { get; } = IPAddress.Parse("10.88.0.1");
    public static IPAddress RouterAddress { get; } = IPAddress.Parse("10.77.0.254");

    public static string Script(string router, string mirror, IReadOnlyList<LabHost> hosts, int uplinkMbit, int lanMbit)
    {
        var plan = new LabPlan();
        plan.Router(router);
        plan.Uplink(router, mirror, uplinkMbit);
        for (int number = 1; number <= hosts.Count; number++) plan.Host(router, hosts[number - 1], number, lanMbit);
        return plan._script.ToString();
    }

    private void Router(string router)
    {
        Space(router);
        Add($"nsenter --net=/run/netns/{router} sysctl -qw net.ipv4.ip_forward=1");
        // Two switches: the second is for the half of the LAN that is split off. Without snooping multicast goes everywhere at once.
        // An address of its own, or the bridge would take one of its ports', and change it with them.
        for (int bridge = 0; bridge < 2; bridge++) Add($"ip -n {router} link add br{bridge} up address 02:00:00:00:00:0{bridge} type bridge mcast_snooping 0");
        Add($"ip -n {router} addr add {RouterAddress}/24 dev br0");
    }

    private void Uplink(string router, string mirror, int mbit)
    {
        Space(mirror);
        Add($"ip link add wan netns {router} type veth peer name eth0 netns {mirror}");
        Add($"ip -n {router} addr add 10.88.0.254/24 dev wan");
        Add($"ip -n {router} link set wan up");
        Add($"ip -n {mirror} addr add {MirrorAddress}/24 dev eth0");
        Add($"ip -n {mirror} link set eth0 up");
        Add($"ip -n {mirror} route add default via 10.88.0.254");
        foreach ((string space, string line) in ((string, string)[])[(router, "wan"), (mirror, "eth0")])
        {
            // Segments as a real line carries them, or neither the limit nor the count of bytes would be a line's.
            Add($"nsenter --net=/run/netns/{space} ethtool -K {line} tso off gso off gro off");
            Shape(space, line, mbit);
        }
    }

    private void Host(string router, LabHost host, int number, int mbit)
    {
        Space(host.Space);
        Add($"ip link add h{number} netns {router} type veth peer name eth0 netns {host.Space}");
        Add($"ip -n {router} link set h{number} master br0 up");
        Add($"ip -n {host.Space} addr add {host.Address}/24 brd + dev eth0");
        Add($"ip -n {host.Space} addr add {host.Address6}/64 dev eth0");
        Add($"ip -n {host.Space} link set eth0 up");
        Add($"ip -n {host.Space} route add default via {RouterAddress}");
        Shape(host.Space, "eth0", mbit);
        Shape(router, $"h{number}", mbit);
    }

    private void Space(string name)
    {
        Add($"ip netns add {name}");
        Add($"ip -n {name} link set lo up");
        // IPv6 addresses are good at once: nobody looks for their duplicates.
        Add($"nsenter --net=/run/netns/{name} sysctl -qw net.ipv6.conf.default.accept_dad=0");
    }

    private void Shape(string space, string line, int mbit)
    {
        // 20 ms of the line, so that the kernel's timer does not limit the rate; at least one full segment that was not cut up.
        int burst = Math.Max(mbit * 125_000 / 50, 64 * 1024);
        Add($"tc -n {space} qdisc replace dev {line} root tbf rate {mbit}mbit burst {burst} latency 200ms");
    }

    private void Add(string command) => _script.Append(command).Append('\n');
}
