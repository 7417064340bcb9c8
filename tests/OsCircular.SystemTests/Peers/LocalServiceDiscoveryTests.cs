using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Logging.Abstractions;
using OsCircular.Peers;
using OsCircular.Peers.Discovery;
using OsCircular.TestKit.Peers;

namespace OsCircular.SystemTests.Peers;

/// <summary>Two hosts and a cable between them, all with the kernel's own multicast.</summary>
public sealed class LocalServiceDiscoveryTests : IAsyncLifetime
{
    private const string Up = "ip link set lo up; ip link set cable up; ip addr add 10.99.0.{0}/24 dev cable; ip addr add fd00:99::{0}/64 dev cable";

    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan AfterTheSecondBeacon = TimeSpan.FromSeconds(3);
    private static readonly PeerId Group = new([.. Enumerable.Repeat((byte)7, 20)]);

    private readonly NetworkNamespace _left = new();
    private readonly NetworkNamespace _right = new();

    public async ValueTask InitializeAsync() => await NetworkNamespace.ConnectAsync(_left, _right, "cable");

    public ValueTask DisposeAsync()
    {
        _left.Dispose();
        _right.Dispose();
        return ValueTask.CompletedTask;
    }

    [Fact(Timeout = 60_000)]
    public async Task Run_TwoHosts_FindEachOtherOverBothFamiliesAndHearTheGoodbye()
    {
        await PlugInAsync();
        await using var left = new Agent(_left, 7001);
        await left.WaitAsync(counters => counters.Sent >= 2);
        await using var right = new Agent(_right, 7002);
        await left.Finds.WaitForAsync(V4(2, 7002), PeerFindSource.Beacon, Soon);
        await left.Finds.WaitForAsync(V6(2, 7002), PeerFindSource.Beacon, Soon);
        await right.Finds.WaitForAsync(V4(1, 7001), PeerFindSource.Beacon, AfterTheSecondBeacon);
        await right.Finds.WaitForAsync(V6(1, 7001), PeerFindSource.Beacon, AfterTheSecondBeacon);

        await right.EndAsync();
        await left.Finds.WaitForAsync(V4(2, 7002), null, Soon);
        await left.Finds.WaitForAsync(V6(2, 7002), null, Soon);
        Assert.True(left.Counters.Own > 0, "its own are heard again, for other agents on its host are to hear them");
        Assert.Equal(0, left.Counters.Malformed + left.Counters.Strangers + left.Counters.OtherGroup);
    }

    [Fact(Timeout = 60_000)]
    public async Task Run_TwoAgentsOnOneHost_FindEachOther()
    {
        await PlugInAsync();
        await using var first = new Agent(_left, 7001);
        await using var second = new Agent(_left, 7002);
        await first.Finds.WaitForAsync(V4(1, 7002), PeerFindSource.Beacon, AfterTheSecondBeacon);
        await first.Finds.WaitForAsync(V6(1, 7002), PeerFindSource.Beacon, AfterTheSecondBeacon);
        await second.Finds.WaitForAsync(V4(1, 7001), PeerFindSource.Beacon, AfterTheSecondBeacon);
        await second.Finds.WaitForAsync(V6(1, 7001), PeerFindSource.Beacon, AfterTheSecondBeacon);
    }

    [Fact(Timeout = 60_000)]
    public async Task Run_CablePluggedInLater_FindsWithinOneLookAtTheInterfaces()
    {
        await using var left = new Agent(_left, 7001);
        await using var right = new Agent(_right, 7002);
        await left.WaitForLogAsync("IPv4 multicast on no interface");
        await PlugInAsync();
        TimeSpan limit = TimeSpan.FromSeconds(15);

        // Who looks first speaks to nobody, but hears the other; that one greeting is enough for both.
        await FirstOfAsync(left.Finds.WaitForAsync(V4(2, 7002), PeerFindSource.Beacon, limit), right.Finds.WaitForAsync(V4(1, 7001), PeerFindSource.Beacon, limit));
        await FirstOfAsync(left.Finds.WaitForAsync(V6(2, 7002), PeerFindSource.Beacon, limit), right.Finds.WaitForAsync(V6(1, 7001), PeerFindSource.Beacon, limit));
    }

    [Fact(Timeout = 60_000)]
    public async Task Run_AnotherGroupAndNonsense_AreCountedAndNotFound()
    {
        await PlugInAsync();
        await using var left = new Agent(_left, 7001);
        await left.WaitAsync(counters => counters.Sent >= 2);
        await using var right = new Agent(_right, 7002, new PeerId(new byte[20]));
        await left.WaitAsync(counters => counters.OtherGroup >= 2);
        await SendAsync(_right, "239.192.152.143", "nonsense"u8.ToArray());
        await SendAsync(_right, "239.192.152.143", new byte[1410]);
        await left.WaitAsync(counters => counters.Malformed == 2);
        Assert.Empty(left.Finds.All);
    }

    [Fact(Timeout = 60_000)]
    public async Task Run_DatagramToTheHostItself_IsNotHeard()
    {
        await PlugInAsync();
        await using var left = new Agent(_left, 7001);
        await left.WaitAsync(counters => counters.Sent >= 2);
        await SendAsync(_right, "10.99.0.1", "to one"u8.ToArray());
        await SendAsync(_right, "239.192.152.143", "to all, later"u8.ToArray());
        await left.WaitAsync(counters => counters.Malformed >= 1);
        Assert.Equal(1, left.Counters.Malformed);
    }

    [Fact(Timeout = 60_000)]
    public async Task Run_PortTakenByAProgramThatDoesNotShare_SaysSoOnceAndTheOtherFamilyGoesOn()
    {
        await PlugInAsync();
        Socket? taken = null;
        await _left.RunAsync(() =>
        {
            taken = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
            taken.Bind(new IPEndPoint(IPAddress.Any, 6771));
            return Task.CompletedTask;
        });
        await using var left = new Agent(_left, 7001);
        await using var right = new Agent(_right, 7002);
        await left.Finds.WaitForAsync(V6(2, 7002), PeerFindSource.Beacon, AfterTheSecondBeacon);
        await left.WaitForLogAsync("no IPv4 multicast");
        taken!.Dispose();
        await left.WaitForLogAsync("IPv4 multicast on cable");
        Assert.Single(left.Log.Lines, line => line.StartsWith("Warning", StringComparison.Ordinal));
    }

    private static async Task FirstOfAsync(Task one, Task other) => await await Task.WhenAny(one, other);

    private static IPEndPoint V4(int host, int port) => IPEndPoint.Parse($"10.99.0.{host}:{port}");

    private static IPEndPoint V6(int host, int port) => IPEndPoint.Parse($"[fd00:99::{host}]:{port}");

    private Task PlugInAsync() => Task.WhenAll(_left.ShellAsync(string.Format(Up, 1)), _right.ShellAsync(string.Format(Up, 2)));

    private static Task SendAsync(NetworkNamespace from, string to, byte[] datagram) => from.RunAsync(async () =>
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        socket.Bind(new IPEndPoint(IPAddress.Parse("10.99.0.2"), 0));
        socket.SetSocketOption(SocketOptionLevel.IP, SocketOptionName.MulticastInterface, IPAddress.Parse("10.99.0.2").GetAddressBytes());
        await socket.SendToAsync(datagram, new IPEndPoint(IPAddress.Parse(to), 6771));
    });

    private sealed class Agent : IAsyncDisposable
    {
        private static readonly TimeSpan Limit = TimeSpan.FromSeconds(15);

        private readonly CancellationTokenSource _end = new();
        private readonly Task _running;
        private LocalServiceDiscovery? _discovery;

        public Agent(NetworkNamespace network, int port, PeerId? group = null) => _running = network.RunAsync(() =>
        {
            var neighbours = new Neighbours([], TimeProvider.System, NullLogger.Instance);
            _discovery = new LocalServiceDiscovery(group ?? Group, port, neighbours, neighbours.MayBeMember, Finds, TimeProvider.System, new Random(port), Log);
            return _discovery.RunAsync(_end.Token);
        });

        public RecordedFinds Finds { get; } = new();
        public RecordedLog Log { get; } = new();
        public BeaconCounters Counters => _discovery?.Counters ?? default;

        public Task WaitAsync(Func<BeaconCounters, bool> condition) => PollAsync(() => condition(Counters), () => Counters.ToString());

        public Task WaitForLogAsync(string text) => PollAsync(() => Log.Lines.Any(line => line.Contains(text)), () => $"no '{text}': {string.Join('\n', Log.Lines)}");

        public async Task EndAsync()
        {
            await _end.CancelAsync();
            await _running.WaitAsync(Limit);
        }

        public async ValueTask DisposeAsync()
        {
            await EndAsync();
            _end.Dispose();
        }

        private static async Task PollAsync(Func<bool> condition, Func<string> otherwise)
        {
            using var end = new CancellationTokenSource(Limit);
            while (!condition())
            {
                if (end.IsCancellationRequested) throw new TimeoutException(otherwise());
                await Task.Delay(20);
            }
        }
    }
}
