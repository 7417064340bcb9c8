namespace OsCircular.Fuse.Holding;

/// <summary>
/// What an agent leaves to the next one beside the open /dev/fuse: what the mount is, and what the kernel said that it will not say again.
/// Its bytes: <see cref="HandOverFormat"/>.
/// </summary>
public sealed record HandOver
{
    /// <summary>As the mount table has it.</summary>
    public required string MountPoint { get; init; }

    /// <summary>MAJOR:MINOR of the mount: another one on the same directory is not ours.</summary>
    public required string MountDevice { get; init; }

    /// <summary>Whose tree is mounted. Names, numbers and pages that the kernel keeps mean something in this tree only.</summary>
    public required string Identity { get; init; }

    /// <summary>1 for the agent that mounted, one more for each that took over.</summary>
    public required uint Generation { get; init; }

    /// <summary>Agents that took over since the last one that was seen to serve; what was sent again may be what ended them.</summary>
    public uint Unproven { get; init; }

    /// <summary>Null until INIT was answered, or was about to be.</summary>
    public FuseConnectionState? Connection { get; init; }

    /// <summary>What a newer program has added: kept, so that it is there again when that program comes back.</summary>
    public IReadOnlyList<HandOverField> Others { get; init; } = [];
}

/// <summary>A field of the hand-over as it is written.</summary>
public sealed record HandOverField(ushort Tag, ReadOnlyMemory<byte> Value);
