using System.Globalization;
using System.Net;
using OsCircular.TestKit.Programs;
using Xunit;

namespace OsCircular.TestKit.Labs;

/// <summary>
/// A computer lab on one machine, made of network namespaces: hosts on one LAN, and a mirror behind a shared, limited uplink. Needs root. Several may
/// live at once. Disposing takes it all away; what a crashed test left goes with the next lab, and with <c>tests/run</c>.
/// </summary>
public sealed class Lab : IAsyncDisposable
{
    // oct-PID-..., so that anyone can see whether the process that made it still lives.
    private const string Prefix = "oct-";
    private const string Folder = "/run/netns";

    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    private readonly string _own;

    private Lab(int hosts)
    {
        _own = $"{Prefix}{Environment.ProcessId}-{Guid.NewGuid().ToString("N")[..8]}-";
        Router = new LabHost(_own + "router", LabPlan.RouterAddress);
        Mirror = new LabHost(_own + "mirror", LabPlan.MirrorAddress);
        Hosts = [.. Enumerable.Range(1, hosts).Select(number => new LabHost(_own + number, IPAddress.Parse($"10.77.0.{number}"), IPAddress.Parse($"fd77::{number}")))];
    }

    /// <summary>The computers of the LAN, in order: the first is number 1, at 10.77.0.1.</summary>
    public IReadOnlyList<LabHost> Hosts { get; }

    /// <summary>Where mirrors and trackers stand: 10.88.0.1, reached through the uplink alone.</summary>
    public LabHost Mirror { get; }
    public LabHost Router { get; }

    /// <param name="hosts">1 to 250.</param>
    /// <param name="uplinkMbit">Of the line between router and mirror, each way, in Mbit/s.</param>
    /// <param name="lanMbit">Of each host's line, each way, in Mbit/s.</param>
    public static async Task<Lab> CreateAsync(int hosts, int uplinkMbit = 100, int lanMbit = 1000)
    {
        await SweepAsync();
        var lab = new Lab(hosts);
        try
        {
            await ScriptAsync(LabPlan.Script(lab.Router.Space, lab.Mirror.Space, lab.Hosts, uplinkMbit, lanMbit));
            return lab;
        }
        catch
        {
            await lab.DisposeAsync();
            throw;
        }
    }

    public LabHost Host(int number) => Hosts[number - 1];

    /// <summary>Bytes that crossed the uplink towards the LAN so far, with all their headers.</summary>
    public async Task<long> UplinkBytesAsync()
    {
        string table = await Mirror.RunAsync("cat", "/proc/net/dev");
        string line = table.Split('\n').Single(line => line.TrimStart().StartsWith("eth0:", StringComparison.Ordinal));
        // Eight columns of what was received, then bytes sent.
        return long.Parse(line.Split(':')[1].Split(' ', StringSplitOptions.RemoveEmptyEntries)[8], CultureInfo.InvariantCulture);
    }

    /// <summary>Pulls a host's cable.</summary>
    public Task CutAsync(int host) => LineAsync($"h{host}", "down");

    public Task MendAsync(int host) => LineAsync($"h{host}", "up");

    public Task CutUplinkAsync() => LineAsync("wan", "down");

    public Task MendUplinkAsync() => LineAsync("wan", "up");

    /// <summary>Takes these hosts to a switch of their own: they reach each other, and neither the others nor the uplink.</summary>
    public Task SplitAsync(params IEnumerable<int> away) => PlugAsync(away, "br1");

    public Task JoinAsync() => PlugAsync(Enumerable.Range(1, Hosts.Count), "br0");

    /// <summary>From now on no multicast reaches any host, and IPv6, which cannot do without, is off.</summary>
    public async Task StopMulticastAsync()
    {
        await StopIpv6Async();
        await ScriptAsync(ForEach(number => $"nsenter --net=/run/netns/{Router.Space} bridge link set dev h{number} mcast_flood off"));
    }

    public Task StopIpv6Async() => ScriptAsync(ForEach(number => $"nsenter --net=/run/netns/{Host(number).Space} sysctl -qw net.ipv6.conf.all.disable_ipv6=1"));

    /// <summary>Takes the hosts' IPv4 addresses: no mirror is reached any more.</summary>
    public Task StopIpv4Async() => ScriptAsync(ForEach(number => $"ip -n {Host(number).Space} -4 addr flush dev eth0"));

    public async ValueTask DisposeAsync() => await DeleteAsync(Spaces(space => space.StartsWith(_own, StringComparison.Ordinal)));

    // Made by a test that is no more.
    private static Task SweepAsync() => DeleteAsync(Spaces(space =>
        space.StartsWith(Prefix, StringComparison.Ordinal) && space.Split('-') is [_, var process, ..] && !Directory.Exists($"/proc/{process}")));

    private static string[] Spaces(Func<string, bool> wanted) =>
        Directory.Exists(Folder) ? [.. Directory.GetFiles(Folder).Select(path => Path.GetFileName(path)).Where(wanted)] : [];

    // Two labs may sweep at once; what the other took is gone all the same.
    private static Task DeleteAsync(string[] spaces) =>
        spaces.Length == 0 ? Task.CompletedTask : ScriptAsync(string.Concat(spaces.Select(space => $"ip netns del {space} || [ ! -e {Folder}/{space} ]\n")));

    private Task LineAsync(string line, string state) => ScriptAsync($"ip -n {Router.Space} link set {line} {state}\n");

    private Task PlugAsync(IEnumerable<int> hosts, string bridge) =>
        ScriptAsync(string.Concat(hosts.Select(number => $"ip -n {Router.Space} link set h{number} master {bridge}\n")));

    private string ForEach(Func<int, string> command) => string.Concat(Enumerable.Range(1, Hosts.Count).Select(number => command(number) + "\n"));

    private static async Task ScriptAsync(string script)
    {
        var path = new Dictionary<string, string?> { ["PATH"] = Environment.GetEnvironmentVariable("PATH") + ":/usr/sbin:/sbin" };
        ProcessResult result = await TestProcess.RunAsync("bash", ["-eu"], Limit, path, script);
        Assert.True(result.ExitCode == 0, $"{result}\n{script}");
    }
}
