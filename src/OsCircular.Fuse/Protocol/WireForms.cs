namespace OsCircular.Fuse.Protocol;

/// <summary>From what a file system says to what the kernel reads.</summary>
internal static class WireForms
{
    private const uint DirectoryType = 4;
    private const uint FileType = 8;
    private const uint SymbolicLinkType = 10;

    /// <summary>The d_type of readdir(3); shifted by 12 also the type bits of st_mode.</summary>
    public static uint TypeOf(FuseFileKind kind) => kind switch
    {
        FuseFileKind.Directory => DirectoryType,
        FuseFileKind.SymbolicLink => SymbolicLinkType,
        _ => FileType,
    };

    public static Attributes Of(in FuseAttributes from)
    {
        long ticks = from.ModifiedAt.UtcTicks - DateTimeOffset.UnixEpoch.UtcTicks;
        ulong seconds = (ulong)Math.Max(0, ticks / TimeSpan.TicksPerSecond);
        uint nanoseconds = (uint)(Math.Max(0, ticks) % TimeSpan.TicksPerSecond * TimeSpan.NanosecondsPerTick);
        return new Attributes
        {
            Inode = from.Id,
            Size = (ulong)from.Size,
            Blocks = (ulong)((from.AllocatedSize + 511) / 512),
            AccessTime = seconds,
            ModificationTime = seconds,
            ChangeTime = seconds,
            AccessNanoseconds = nanoseconds,
            ModificationNanoseconds = nanoseconds,
            ChangeNanoseconds = nanoseconds,
            Mode = (TypeOf(from.Kind) << 12) | (uint)from.Permissions,
            Links = (uint)from.Links,
            User = from.User,
            Group = from.Group,
            BlockSize = from.PreferredReadSize == 0 ? 4096 : (uint)from.PreferredReadSize,
        };
    }

    public static EntryOut Of(in FuseEntry from) => new()
    {
        NodeId = from.Attributes.Id,
        EntryValid = Seconds(from.NameValidFor),
        EntryValidNanoseconds = Nanoseconds(from.NameValidFor),
        AttributesValid = Seconds(from.Attributes.ValidFor),
        AttributesValidNanoseconds = Nanoseconds(from.Attributes.ValidFor),
        Attributes = Of(from.Attributes),
    };

    public static AttributesOut WithTimeout(in FuseAttributes from) => new()
    {
        Valid = Seconds(from.ValidFor),
        ValidNanoseconds = Nanoseconds(from.ValidFor),
        Attributes = Of(from),
    };

    public static StatisticsOut Of(in FuseStatistics from) => new()
    {
        Blocks = from.Blocks,
        FreeBlocks = from.FreeBlocks,
        AvailableBlocks = from.AvailableBlocks,
        Files = from.Files,
        FreeFiles = from.FreeFiles,
        BlockSize = from.BlockSize,
        NameLength = from.MaxNameLength,
        FragmentSize = from.BlockSize,
    };

    private static ulong Seconds(TimeSpan span) => (ulong)Math.Max(0, span.Ticks / TimeSpan.TicksPerSecond);

    private static uint Nanoseconds(TimeSpan span) => (uint)(Math.Max(0, span.Ticks) % TimeSpan.TicksPerSecond * TimeSpan.NanosecondsPerTick);
}
