using OsCircular.Blocks;
using OsCircular.Peers;
using OsCircular.Peers.Access;
using OsCircular.Sources;
using OsCircular.TestKit.Sources;

namespace OsCircular.Tests.Peers.Groups;

/// <summary>What makes one host of a <see cref="TestGroup"/> another than the rest.</summary>
internal sealed record HostPlan
{
    /// <summary>Looks often, so that tests need not wait; asks the mirror as a host does.</summary>
    public static readonly PeerOptions QuickLooks = new() { PollActive = TimeSpan.FromMilliseconds(100), PollIdle = TimeSpan.FromMilliseconds(100), SettleTime = TimeSpan.FromMilliseconds(20) };

    /// <summary>Whether it has a mirror.</summary>
    public bool HasMirror { get; init; } = true;

    public GroupKey? Key { get; init; }

    public PeerOptions Options { get; init; } = QuickLooks;

    /// <summary>What goes wrong between it and the mirror.</summary>
    public Func<BlockRequest, int, Fault> Faults { get; init; } = (_, _) => Fault.None;

    /// <summary>Whether it is told of the hosts that were there before it.</summary>
    public bool KnowsOthers { get; init; } = true;

    public long Sequence { get; init; } = 1;

    /// <summary>Block files that lie in its cache when it starts, damaged ones too.</summary>
    public IReadOnlyDictionary<BlockName, byte[]> Holds { get; init; } = new Dictionary<BlockName, byte[]>();
}
