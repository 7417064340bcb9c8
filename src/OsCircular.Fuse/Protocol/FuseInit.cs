namespace OsCircular.Fuse.Protocol;

/// <summary>Flags of FUSE_INIT; bits 32 and up travel in the flags2 fields.</summary>
[Flags]
public enum FuseInitFlags : ulong
{
    None = 0,
    AsyncRead = 1 << 0,
    ReadDirectoryPlus = 1 << 13,
    ReadDirectoryPlusAuto = 1 << 14,
    AsyncDirectIo = 1 << 15,
    ParallelDirectoryOperations = 1 << 18,
    MaxPages = 1 << 22,
    InitExtended = 1 << 30,
    HasResend = 1UL << 39,
}

/// <summary>What we ask of the kernel, with the measured or documented reason.</summary>
internal static class FuseInit
{
    public const uint Major = 7;

    /// <summary>The newest version whose structures were checked.</summary>
    public const uint NewestMinor = 45;

    /// <summary>7.28 (Linux 4.20) brought max_pages, without which a read is 128 KiB at most.</summary>
    public const uint OldestMinor = 28;

    /// <summary>The kernel's own ceiling (fs.fuse.max_pages_limit is 256 pages of 4 KiB).</summary>
    public const int MaxReadBytes = 1 << 20;

    /// <summary>Nothing is ever written: the smallest value allowed keeps request buffers small.</summary>
    public const uint MaxWriteBytes = 4096;

    /// <summary>Reads ahead that the kernel keeps under way; its default of 12 is too few for reads that wait on a network.</summary>
    public const ushort MaxBackground = 64;

    /// <summary>The answer can only lower what read_ahead_kb allows; so no limit of ours.</summary>
    public const uint MaxReadAheadBytes = 64 << 20;

    // Not asked for: AsyncDirectIo, because with it the kernel sends no INTERRUPT and a killed O_DIRECT reader stays until its block is there;
    // POSIX and flock locks, which the kernel then keeps itself; splice, measured 2.4 times slower.
    public const FuseInitFlags Wanted = FuseInitFlags.AsyncRead | FuseInitFlags.ReadDirectoryPlus | FuseInitFlags.ReadDirectoryPlusAuto
        | FuseInitFlags.ParallelDirectoryOperations | FuseInitFlags.MaxPages | FuseInitFlags.InitExtended;
}
