using OsCircular.Blocks;
using OsCircular.Sources;
using OsCircular.TestKit.Sources;

namespace OsCircular.Tests.Peers.Groups;

/// <summary>A source of one host behind a real group, in which another host holds all.</summary>
public abstract class GroupConformance : BlockSourceConformance
{
    private TestGroup? _group;

    public override async ValueTask DisposeAsync()
    {
        if (_group is not null) await _group.DisposeAsync();
        await base.DisposeAsync();
    }

    protected override async ValueTask<IBlockSource> CreateAsync(IReadOnlyDictionary<BlockName, byte[]> held)
    {
        _group = await TestGroup.StartAsync(new HostPlan { HasMirror = false, Holds = held }, new HostPlan { HasMirror = false });
        await _group.Hosts[1].SeesAsync(_group.Hosts[0], held.Count);
        return SourceOf(_group.Hosts[1]);
    }

    private protected abstract IBlockSource SourceOf(GroupHost host);
}

public sealed class PeerSourceConformanceTests : GroupConformance
{
    private protected override IBlockSource SourceOf(GroupHost host) => host.Service.Blocks;
}

public sealed class HolderSourceConformanceTests : GroupConformance
{
    private protected override IBlockSource SourceOf(GroupHost host) => host.Service.HolderBlocks;
}

/// <summary>The whole chain of a host that is alone with its mirror.</summary>
public sealed class PeerChainConformanceTests : BlockSourceConformance
{
    private GroupHost? _host;

    public override async ValueTask DisposeAsync()
    {
        if (_host is not null) await _host.DisposeAsync();
        await base.DisposeAsync();
    }

    protected override async ValueTask<IBlockSource> CreateAsync(IReadOnlyDictionary<BlockName, byte[]> held)
    {
        _host = await GroupHost.StartAsync(new HostPlan(), 0, new FakeBlockSource(held), new NowhereSource(), []);
        return _host.Chain.Blocks;
    }
}
