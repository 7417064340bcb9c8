namespace OsCircular.Blocks;

/// <summary>How a disk of a given size falls into blocks.</summary>
public readonly record struct BlockGeometry
{
    public const int DefaultBlockSize = 256 * 1024;
    public const int MinBlockSize = 64 * 1024;
    public const int MaxBlockSize = 4 * 1024 * 1024;

    /// <summary>Disk sizes are multiples of this many bytes.</summary>
    public const int SectorSize = 512;

    /// <summary>2 EiB, so that no sum of offsets and sizes overflows.</summary>
    public const long MaxDiskSize = 1L << 61;

    /// <param name="diskSize">Bytes: a positive multiple of <see cref="SectorSize"/>, at most <see cref="MaxDiskSize"/>.</param>
    /// <param name="blockSize">Bytes: a power of two from <see cref="MinBlockSize"/> to <see cref="MaxBlockSize"/>.</param>
    public BlockGeometry(long diskSize, int blockSize)
    {
        if (!IsValidDiskSize(diskSize)) throw new ArgumentOutOfRangeException(nameof(diskSize), diskSize, "A disk size is a positive multiple of 512, at most 2 EiB.");
        if (!IsValidBlockSize(blockSize)) throw new ArgumentOutOfRangeException(nameof(blockSize), blockSize, "A block size is a power of two from 64 KiB to 4 MiB.");
        DiskSize = diskSize;
        BlockSize = blockSize;
        Shift = int.TrailingZeroCount(blockSize);
    }

    public long DiskSize { get; }
    public int BlockSize { get; }

    /// <summary>log2 of <see cref="BlockSize"/>.</summary>
    public int Shift { get; }

    public long BlockCount => (DiskSize + BlockSize - 1) >> Shift;

    public static bool IsValidBlockSize(long blockSize) => blockSize is >= MinBlockSize and <= MaxBlockSize && long.IsPow2(blockSize);
    public static bool IsValidDiskSize(long diskSize) => diskSize is > 0 and <= MaxDiskSize && diskSize % SectorSize == 0;

    public long BlockAt(long offset) => offset >> Shift;
    public long OffsetOf(long block) => block << Shift;

    /// <summary>Bytes in this block: the block size, or what is left of the disk in the last.</summary>
    public int LengthOf(long block) => (int)Math.Min(BlockSize, DiskSize - OffsetOf(block));
}
