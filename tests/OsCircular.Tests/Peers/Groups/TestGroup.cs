using OsCircular.Blocks;
using OsCircular.Peers;
using OsCircular.Peers.Homes;
using OsCircular.Sources;
using OsCircular.TestKit;
using OsCircular.TestKit.Sources;

namespace OsCircular.Tests.Peers.Groups;

/// <summary>Hosts of one group in this process, all of them real but for the mirror: services, listeners and caches, talking over loopback.</summary>
internal sealed class TestGroup : IAsyncDisposable
{
    private readonly List<GroupHost> _hosts = [];
    private int _seed = 1000;

    /// <summary>The one mirror of all hosts.</summary>
    public FakeBlockSource Mirror { get; } = new("mirror");

    public FakeDocumentSource Documents { get; } = new();

    public IReadOnlyList<GroupHost> Hosts => _hosts;

    public static async Task<TestGroup> StartAsync(params HostPlan[] plans)
    {
        TestGroup group = new();
        foreach (HostPlan plan in plans) await group.AddAsync(plan);
        await group.KnowEachOtherAsync();
        return group;
    }

    public async Task<GroupHost> AddAsync(HostPlan plan)
    {
        GroupHost host = await GroupHost.StartAsync(plan, _hosts.Count, Mirror, Documents, _hosts);
        _hosts.Add(host);
        return host;
    }

    /// <summary>Waits until each host knows each other one, and what it can do.</summary>
    public async Task KnowEachOtherAsync()
    {
        foreach (GroupHost host in _hosts)
        foreach (GroupHost other in _hosts.Where(other => other != host))
            await Eventually.IsSoAsync(() => host.Of(other) is { State: PeerState.Alive } seen && seen.Fetches == other.Standing.Fetches);
    }

    /// <summary>A block on the mirror that has these hosts as its homes, in this order, among those that have a mirror.</summary>
    public byte[] BlockOf(params GroupHost[] homes)
    {
        ulong[] weights = [.. _hosts.Where(host => host.Standing.Fetches).Select(host => host.Weight)];
        Span<int> ranked = stackalloc int[homes.Length];
        for (; ; _seed++)
        {
            byte[] block = TestBlocks.Make(_seed);
            Rendezvous.Rank(weights, HeldKey.Of(BlockName.Of(block)), ranked);
            bool fits = true;
            for (int i = 0; i < homes.Length; i++) fits &= weights[ranked[i]] == homes[i].Weight;
            if (!fits) continue;
            _seed++;
            Mirror.Add(block);
            return block;
        }
    }

    /// <summary>Any block, not on the mirror.</summary>
    public byte[] BlockOfNobody() => TestBlocks.Make(++_seed);

    public async ValueTask DisposeAsync()
    {
        Mirror.Gate.TrySetResult();
        foreach (GroupHost host in _hosts) await host.DisposeAsync();
    }
}
