using OsCircular.Sources.Rates;

namespace OsCircular.Agent.Configuration;

/// <summary>What the user wants of an agent, typed and checked; made by <see cref="AgentOptionsReader"/>.</summary>
public sealed record AgentOptions
{
    /// <summary>An empty directory that the images appear in; absolute.</summary>
    public required string MountPoint { get; init; }

    /// <summary>The cache's directory; absolute.</summary>
    public required string CacheDirectory { get; init; }

    /// <summary>A minisign public key: a file, or the key's own base64 line.</summary>
    public required string PublicKey { get; init; }

    /// <summary>Mirrors as URLs (http, https, file) or folders, checked, and with their credentials: never to be printed. None is right where a head was adopted before.</summary>
    public IReadOnlyList<string> Mirrors { get; init; } = [];

    /// <summary>Bytes that the cache may take on disk; null: what <see cref="Cache.CacheOptions"/> chooses.</summary>
    public long? Quota { get; init; }

    /// <summary>Bytes a second at which the cache is looked through for damage; 0: not at all.</summary>
    public long ScrubRate { get; init; } = 4L * 1024 * 1024;

    /// <summary>Bytes a second taken from all mirrors together.</summary>
    public RateSchedule MirrorRate { get; init; } = RateSchedule.None;

    /// <summary>Bytes a second at which the cache is filled, from wherever they come.</summary>
    public RateSchedule FillRate { get; init; } = RateSchedule.None;

    /// <summary>How often the mirrors' heads are looked at: 1 s to 7 d.</summary>
    public TimeSpan Refresh { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>How long one read may take before it fails with EIO: 1 s to 10 min.</summary>
    public TimeSpan ReadTimeout { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>How long the first start may look for a head: 1 s to 10 min.</summary>
    public TimeSpan StartTimeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>How long the mount is kept for the next agent when this one ends: 1 s to 10 min; 0: it is not kept.</summary>
    public TimeSpan TakeoverTime { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Bytes of decoded blocks kept in memory: 16 MiB to 16 GiB.</summary>
    public long Memory { get; init; } = 48L * 1024 * 1024;

    /// <summary>The group on the LAN; null: peers are off.</summary>
    public PeerSettings? Peers { get; init; }

    /// <summary>Whether, when a guest has been given what its version's profile names, the rest of that version is filled.</summary>
    public bool FillAfterBoot { get; init; }

    /// <summary>Whether users other than the one who mounts may read.</summary>
    public bool AllowOther { get; init; }
}
