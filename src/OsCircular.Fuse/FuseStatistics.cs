namespace OsCircular.Fuse;

/// <summary>What df and statfs(2) show.</summary>
public readonly record struct FuseStatistics
{
    /// <summary>Bytes in one of the blocks that the next three count.</summary>
    public uint BlockSize { get; init; }

    public ulong Blocks { get; init; }

    public ulong FreeBlocks { get; init; }

    public ulong AvailableBlocks { get; init; }

    public ulong Files { get; init; }

    public ulong FreeFiles { get; init; }

    /// <summary>Bytes in the longest name.</summary>
    public uint MaxNameLength { get; init; }
}
