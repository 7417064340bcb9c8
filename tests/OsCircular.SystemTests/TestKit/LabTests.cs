using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using OsCircular.SystemTests.Faults;
using OsCircular.TestKit;
using OsCircular.TestKit.Labs;
using OsCircular.TestKit.Peers;
using OsCircular.TestKit.Programs;

namespace OsCircular.SystemTests.TestKit;

/// <summary>That the lab is a lab: rates, counts, cuts, and that nothing of it is left.</summary>
[Collection(LabCollection.Name)]
public sealed class LabTests
{
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(20);

    [Fact(Timeout = 60_000)]
    public async Task Lab_Disposed_LeavesNoNamespace()
    {
        string space;
        await using (Lab lab = await Lab.CreateAsync(2))
        {
            space = lab.Host(1).Space;
            Assert.True(File.Exists($"/run/netns/{space}"));
        }

        string prefix = space[..space.LastIndexOf('-')];
        Assert.DoesNotContain(Directory.GetFiles("/run/netns"), path => path.Contains(prefix, StringComparison.Ordinal));
    }

    [Fact(Timeout = 60_000)]
    public async Task Lab_LeftByADeadProcess_IsSweptByTheNext()
    {
        int dead;
        await using (TestProcess ended = TestProcess.Start("true", []))
        {
            dead = ended.Id;
            await ended.WaitForExitAsync(Soon);
        }

        string left = $"oct-{dead}-0badcafe-1";
        await TestProcess.ShellAsync("ip netns add \"$1\"", left);
        await using Lab lab = await Lab.CreateAsync(1);
        Assert.False(File.Exists($"/run/netns/{left}"));
    }

    [Fact(Timeout = 60_000)]
    public async Task Uplink_OneFile_TakesItsTimeAndIsCounted()
    {
        const int bytes = 5_000_000;
        using var files = new TempDirectory();
        await File.WriteAllBytesAsync(files["file"], new byte[bytes]);
        await using Lab lab = await Lab.CreateAsync(1, uplinkMbit: 20);
        await using Nginx nginx = await Nginx.StartAsync(lab.Mirror, files.Path);

        long before = await lab.UplinkBytesAsync(), started = Stopwatch.GetTimestamp();
        await lab.Host(1).RunAsync("curl", "-sfo", "/dev/null", $"{nginx.Url}/file");
        double seconds = Stopwatch.GetElapsedTime(started).TotalSeconds;

        // 54 bytes and more of headers go with each 1448 of the file.
        Assert.InRange(await lab.UplinkBytesAsync() - before, 1.03 * bytes, 1.10 * bytes);
        Assert.InRange(seconds, 1.8, 6);
    }

    [Fact(Timeout = 60_000)]
    public async Task CutAndSplit_TakeAwayWhatTheySay()
    {
        await using Lab lab = await Lab.CreateAsync(3);
        using Socket second = lab.Host(2).Listen(80), third = lab.Host(3).Listen(80), mirror = lab.Mirror.Listen(80);
        await AssertReachesAsync(lab, 1, true, true, true);
        await lab.CutAsync(2);
        await AssertReachesAsync(lab, 1, false, true, true);
        await lab.MendAsync(2);
        await lab.CutUplinkAsync();
        await AssertReachesAsync(lab, 1, true, true, false);
        await lab.MendUplinkAsync();
        await AssertReachesAsync(lab, 1, true, true, true);
        await lab.SplitAsync(2, 3);
        await AssertReachesAsync(lab, 1, false, false, true);
        Assert.True(await ReachesAsync(lab.Host(2), lab.Host(3)));
        await lab.JoinAsync();
        await AssertReachesAsync(lab, 1, true, true, true);
    }

    [Fact(Timeout = 60_000)]
    public async Task Multicast_ReachesAllUntilItIsStopped()
    {
        await using Lab lab = await Lab.CreateAsync(2);
        Assert.True(await HearsAsync(lab, IPAddress.Parse("239.192.152.143"), IPAddress.Any));
        Assert.True(await HearsAsync(lab, IPAddress.Parse("ff15::efc0:988f"), IPAddress.IPv6Any));
        await lab.StopMulticastAsync();
        Assert.False(await HearsAsync(lab, IPAddress.Parse("239.192.152.143"), IPAddress.Any));
        Assert.True(await ReachesAsync(lab.Host(1), lab.Host(2), listen: true));
    }

    [Fact(Timeout = 60_000)]
    public async Task Agent_OnAHost_ReadsThroughTheUplinkAndDies()
    {
        await using SmallRepository small = await SmallRepository.CreateAsync(blocks: 32);
        await using Lab lab = await Lab.CreateAsync(1);
        await using Nginx nginx = await Nginx.StartAsync(lab.Mirror, small.Repository.Folder);
        await using LabAgent agent = await LabAgent.StartAsync(lab.Host(1), small.Repository.PublicKey, cache: null, ["--mirror", nginx.Url]);
        await Disk.AssertSameAsync(small.Image, agent.DiskOf("small"));
        Assert.Equal(small.Repository.BlockFiles().Length, (await nginx.BlocksGivenAsync(small.Repository.BlockFiles().Length)).Length);
        Assert.All(nginx.BlocksGiven(), given => Assert.Equal(lab.Host(1).Address, given.Asker));
        using (JsonDocument status = await agent.StatusAsync()) Assert.Equal(JsonValueKind.Array, status.RootElement.GetProperty("sources").ValueKind);
        await agent.KillAsync();
        Assert.True(agent.Process.HasExited);
    }

    [Fact(Timeout = 60_000)]
    public async Task BeaconForger_IsHeardUnderTheVictimsAndUnderFalseNames()
    {
        await using Lab lab = await Lab.CreateAsync(3);
        using Socket hears = await HearAsync(lab.Host(2), BeaconForger.Multicast.Address, IPAddress.Any);
        await using var forger = new BeaconForger(lab.Host(1), lab.Host(3), new GroupMember("lab", null).Group);
        var sources = new HashSet<IPAddress>();
        using var end = new CancellationTokenSource(Soon);
        while (sources.Count < 5)
        {
            SocketReceiveFromResult got = await hears.ReceiveFromAsync(new byte[1400], new IPEndPoint(IPAddress.Any, 0), end.Token);
            sources.Add(((IPEndPoint)got.RemoteEndPoint).Address);
        }

        Assert.Contains(lab.Host(3).Address, sources);
        Assert.DoesNotContain(lab.Host(1).Address, sources);
    }

    private static async Task AssertReachesAsync(Lab lab, int from, bool second, bool third, bool mirror) =>
        Assert.Equal((second, third, mirror), (
            await ReachesAsync(lab.Host(from), lab.Host(2)), await ReachesAsync(lab.Host(from), lab.Host(3)), await ReachesAsync(lab.Host(from), lab.Mirror)));

    private static async Task<bool> ReachesAsync(LabHost from, LabHost to, bool listen = false)
    {
        using Socket? listener = listen ? to.Listen(80) : null;
        // Longer than the kernel takes to try a lost packet again, shorter than to give up.
        using var end = new CancellationTokenSource(TimeSpan.FromSeconds(2.5));
        try
        {
            using Socket socket = await from.ConnectAsync(new IPEndPoint(to.Address, 80), end.Token);
            return true;
        }
        catch (Exception failure) when (failure is SocketException or OperationCanceledException)
        {
            return false;
        }
    }

    private static async Task<bool> HearsAsync(Lab lab, IPAddress group, IPAddress any)
    {
        (SocketOptionLevel level, bool four) = LevelOf(group);
        using Socket hears = await HearAsync(lab.Host(2), group, any), says = lab.Host(1).NewSocket(group.AddressFamily, SocketType.Dgram);
        int own = await LineOfAsync(lab.Host(1));
        says.SetSocketOption(level, SocketOptionName.MulticastInterface, four ? IPAddress.HostToNetworkOrder(own) : own);
        await says.SendToAsync("hello"u8.ToArray(), new IPEndPoint(group, 6771));
        using var end = new CancellationTokenSource(TimeSpan.FromSeconds(1));
        try
        {
            return await hears.ReceiveAsync(new byte[16], end.Token) == 5;
        }
        catch (OperationCanceledException)
        {
            return false;
        }
    }

    private static async Task<Socket> HearAsync(LabHost host, IPAddress group, IPAddress any)
    {
        (SocketOptionLevel level, bool four) = LevelOf(group);
        int line = await LineOfAsync(host);
        Socket socket = host.NewSocket(group.AddressFamily, SocketType.Dgram);
        socket.Bind(new IPEndPoint(any, 6771));
        socket.SetSocketOption(level, SocketOptionName.AddMembership, four ? new MulticastOption(group, line) : new IPv6MulticastOption(group, line));
        return socket;
    }

    private static (SocketOptionLevel Level, bool Four) LevelOf(IPAddress group) =>
        group.AddressFamily == AddressFamily.InterNetwork ? (SocketOptionLevel.IP, true) : (SocketOptionLevel.IPv6, false);

    private static async Task<int> LineOfAsync(LabHost host) => int.Parse((await host.RunAsync("cat", "/proc/net/dev_mcast")).Split('\n').First(line => line.Contains("eth0")).Split(' ', StringSplitOptions.RemoveEmptyEntries)[0]);
}
