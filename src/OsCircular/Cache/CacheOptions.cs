namespace OsCircular.Cache;

/// <summary>How much disk the cache may take.</summary>
public sealed record CacheOptions
{
    public const long MinQuota = 16L * 1024 * 1024;
    public const long MaxDefaultFloor = 10L * 1024 * 1024 * 1024;

    /// <summary>Bytes of block files and documents, never exceeded; at least <see cref="MinQuota"/>. Default: 90 % of the file system's size.</summary>
    public long? Quota { get; init; }

    /// <summary>Bytes that stay free on the file system whoever fills it; 0 or more. Default: 5 % of its size, 10 GiB at most.</summary>
    public long? FreeSpaceFloor { get; init; }

    /// <summary>How often the catalogue is written: 1 s to 1 h. What a crash loses is only what the block files cannot tell (last use, frequency). Default: 60 s.</summary>
    public TimeSpan CatalogInterval { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>How long a full, read-only or failing disk is left alone before the next try to write: 100 ms to 1 h. Default: 10 s.</summary>
    public TimeSpan RetryInterval { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Bytes a second that the scrub reads of an idle disk; 0: no scrub. Default: 0.</summary>
    public long ScrubRate { get; init; }

    /// <summary>How long a call on the disk is waited for before the disk counts as hanging: 100 ms to 1 min. Default: 5 s, which a sleeping disk may take to spin up.</summary>
    public TimeSpan HangLimit { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>How often the folder is looked for: 100 ms to 1 h. Default: 2 s.</summary>
    public TimeSpan WatchInterval { get; init; } = TimeSpan.FromSeconds(2);

    /// <param name="quota">As <see cref="Quota"/>.</param>
    /// <param name="readTimeout">How long reads may take: a disk that hangs is given up in time for them to go elsewhere.</param>
    public static CacheOptions For(long? quota, TimeSpan readTimeout)
    {
        CacheOptions defaults = new() { Quota = quota };
        return readTimeout / 4 < defaults.HangLimit ? defaults with { HangLimit = readTimeout / 4 } : defaults;
    }

    /// <param name="fileSystemSize">Bytes; below zero where unknown.</param>
    internal long QuotaOn(long fileSystemSize) => Quota ?? (fileSystemSize < 0 ? long.MaxValue / 2 : fileSystemSize / 10 * 9);

    /// <inheritdoc cref="QuotaOn"/>
    internal long FloorOn(long fileSystemSize) => FreeSpaceFloor ?? Math.Clamp(fileSystemSize / 20, 0, MaxDefaultFloor);

    /// <summary>Every error, one line each; empty where all is well.</summary>
    public IReadOnlyList<string> Validate()
    {
        List<string> errors = [];
        if (Quota is < MinQuota) errors.Add($"quota: {Quota} bytes is too little; give at least 16MiB");
        if (FreeSpaceFloor is < 0) errors.Add($"free-space floor: {FreeSpaceFloor} bytes is below zero; give 0 or more");
        if (CatalogInterval < TimeSpan.FromSeconds(1) || CatalogInterval > TimeSpan.FromHours(1)) errors.Add($"catalogue interval: {CatalogInterval} is not between 1s and 1h");
        if (RetryInterval < TimeSpan.FromMilliseconds(100) || RetryInterval > TimeSpan.FromHours(1)) errors.Add($"cache retry interval: {RetryInterval} is not between 100ms and 1h");
        if (ScrubRate < 0) errors.Add($"scrub rate: {ScrubRate} bytes a second is below zero; give 0 for no scrub");
        if (WatchInterval < TimeSpan.FromMilliseconds(100) || WatchInterval > TimeSpan.FromHours(1)) errors.Add($"cache watch interval: {WatchInterval} is not between 100ms and 1h");
        if (HangLimit < TimeSpan.FromMilliseconds(100) || HangLimit > TimeSpan.FromMinutes(1)) errors.Add($"cache hang limit: {HangLimit} is not between 100ms and 1min");
        return errors;
    }
}
