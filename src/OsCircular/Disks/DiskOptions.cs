using OsCircular.Blocks;

namespace OsCircular.Disks;

/// <summary>How disks are read. Checked as a whole by <see cref="Validate"/> before it is used.</summary>
public sealed record DiskOptions
{
    public const long MinMemoryBytes = 4L * BlockGeometry.MaxBlockSize;
    public const long MaxMemoryBytes = 64L * 1024 * 1024 * 1024;
    public const int MaxWorkers = 64;
    public const int MaxReadAheadBlocks = 256;
    public static readonly TimeSpan MinReadTimeout = TimeSpan.FromSeconds(1);
    public static readonly TimeSpan MaxReadTimeout = TimeSpan.FromMinutes(10);

    /// <summary>Decoded blocks in memory, in bytes, 16 MiB to 64 GiB, taken as needed in steps of 4 MiB; default 48 MiB: the kernel's pages do the rest.</summary>
    public long MemoryBytes { get; init; } = 48L * 1024 * 1024;

    /// <summary>Threads that load blocks which no reader thread loads itself, 1 to 64; default one for each core.</summary>
    public int Workers { get; init; } = Math.Clamp(Environment.ProcessorCount, 2, MaxWorkers);

    /// <summary>Blocks read ahead of a sequential reader, 0 (off) to 256, at most a quarter of the memory for all readers; default 16.</summary>
    public int ReadAheadBlocks { get; init; } = 16;

    /// <summary>When a waiting read fails, 1 s to 10 min; default 60 s.</summary>
    public TimeSpan ReadTimeout { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>When a load that is in this host's own disk is given up, and its block fetched elsewhere: 5 s, sooner where reads have little time.</summary>
    internal TimeSpan HangLimit => TimeSpan.FromTicks(Math.Min(ReadTimeout.Ticks / 4, TimeSpan.TicksPerSecond * 5));

    /// <summary>Adds a line to <paramref name="errors"/> for each value out of its range.</summary>
    public void Validate(ICollection<string> errors)
    {
        if (MemoryBytes is < MinMemoryBytes or > MaxMemoryBytes) errors.Add($"memory is {MemoryBytes} bytes; give 16MiB to 64GiB.");
        if (Workers is < 1 or > MaxWorkers) errors.Add($"workers is {Workers}; give 1 to {MaxWorkers}.");
        if (ReadAheadBlocks is < 0 or > MaxReadAheadBlocks) errors.Add($"read-ahead is {ReadAheadBlocks} blocks; give 0 to {MaxReadAheadBlocks}.");
        if (ReadTimeout < MinReadTimeout || ReadTimeout > MaxReadTimeout) errors.Add($"read-timeout is {ReadTimeout.TotalSeconds:0.###}s; give 1s to 10min.");
    }
}
