using OsCircular.Agent.Serving;
using OsCircular.Cache;
using OsCircular.Disks;
using OsCircular.Disks.Booting;
using OsCircular.Fuse;
using OsCircular.Library;
using OsCircular.Library.Filling;
using OsCircular.Library.Pins;
using OsCircular.Library.Retaining;
using OsCircular.Mirrors;
using OsCircular.Peers;
using OsCircular.Sources;
using OsCircular.Sources.Rates;

namespace OsCircular.Agent.Hosting;

/// <summary>The parts of a running agent that <c>status</c> looks at; each is null until it is started.</summary>
internal sealed class AgentParts
{
    public TimeProvider Time { get; set; } = TimeProvider.System;
    public long Started { get; set; }
    public string Chain { get; set; } = "";
    public BlockCache Cache { get; set; } = null!;
    public MirrorSource? Mirrors { get; set; }

    /// <summary>The mirrors' blocks.</summary>
    public PrioritySource Line { get; set; } = null!;

    /// <summary>The caps; null where none is set. That of uploads is the peer server's.</summary>
    public RateCap? MirrorCap { get; set; }
    public RateCap? PeerCap { get; set; }
    public RateCap? FillCap { get; set; }

    public PeerService? Peers { get; set; }
    public PeerServer? PeerServer { get; set; }
    public HeadLibrary Library { get; set; } = null!;
    public Filler Filler { get; set; } = null!;
    public PinKeeper Pins { get; set; } = null!;
    public RetainedVersions Retained { get; set; } = null!;
    public BootFetcher Boots { get; set; } = null!;
    public DiskService Disks { get; set; } = null!;
    public HeldMount Held { get; set; } = null!;
    public FuseMount Mount { get; set; } = null!;
    public FuseSession Session { get; set; } = null!;
}
