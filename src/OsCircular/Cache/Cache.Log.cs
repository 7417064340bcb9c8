using Microsoft.Extensions.Logging;
using OsCircular.Blocks;
using OsCircular.Diagnostics;

namespace OsCircular.Cache;

internal static partial class CacheLog
{
    [LoggerMessage(EventIds.Cache + 0, LogLevel.Warning, "Cache {cache} is {state} (errno {errno}); serving goes on.")]
    public static partial void DiskFailed(ILogger logger, string cache, CacheState state, int errno);

    [LoggerMessage(EventIds.Cache + 1, LogLevel.Information, "Cache {cache} is well again.")]
    public static partial void DiskWorksAgain(ILogger logger, string cache);

    [LoggerMessage(EventIds.Cache + 2, LogLevel.Warning, "Block file {name} in the cache was damaged and is set aside; the disk is to blame.")]
    public static partial void BlockDamaged(ILogger logger, BlockName name);

    [LoggerMessage(EventIds.Cache + 3, LogLevel.Information, "The cache holds {blocks} blocks; its catalogue was {trust}; known after {elapsed}.")]
    public static partial void Loaded(ILogger logger, int blocks, CatalogTrust trust, TimeSpan elapsed);

    [LoggerMessage(EventIds.Cache + 4, LogLevel.Warning, "The cache's catalogue is set aside, for {fault}; it is made anew from the block files.")]
    public static partial void CatalogSetAside(ILogger logger, string fault);

    [LoggerMessage(EventIds.Cache + 5, LogLevel.Warning, "The cache's catalogue cannot be read; it is made anew from the block files.")]
    public static partial void CatalogUnreadable(ILogger logger, Exception cause);

    [LoggerMessage(EventIds.Faults + 50, LogLevel.Warning, "What is at the cache's path is not taken up again: {problem}")]
    public static partial void FolderNotTaken(ILogger logger, string problem);

    [LoggerMessage(EventIds.Faults + 51, LogLevel.Information, "The cache's folder is back; it holds {blocks} blocks.")]
    public static partial void FolderBack(ILogger logger, int blocks);

    [LoggerMessage(EventIds.Faults + 52, LogLevel.Error, "The cache's upkeep failed in a way it should not; it goes on.")]
    public static partial void UpkeepFailed(ILogger logger, Exception failure);

    [LoggerMessage(EventIds.Faults + 53, LogLevel.Warning, "The cache disk does not let its upkeep end within {limit}; the agent ends without.")]
    public static partial void UpkeepHangs(ILogger logger, TimeSpan limit);

    [LoggerMessage(EventIds.Cache + 6, LogLevel.Warning, "The cache's catalogue cannot be written; serving goes on, the next start takes longer.")]
    public static partial void CatalogUnwritable(ILogger logger, Exception cause);
}
