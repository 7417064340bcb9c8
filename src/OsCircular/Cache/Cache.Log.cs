using Microsoft.Extensions.Logging;
using OsCircular.Diagnostics;

namespace OsCircular.Cache;

internal static partial class CacheLog
{
    [LoggerMessage(EventIds.Cache + 0, LogLevel.Warning, "Cache {cache} is {state} (errno {errno}); serving goes on.")]
    public static partial void DiskFailed(ILogger logger, string cache, CacheState state, int errno);

    [LoggerMessage(EventIds.Cache + 1, LogLevel.Information, "Cache {cache} is well again.")]
    public static partial void DiskWorksAgain(ILogger logger, string cache);

    [LoggerMessage(EventIds.Cache + 2, LogLevel.Warning, "{path} in the cache {cache} {fault}: it is set aside and fetched again; the disk is to blame.")]
    public static partial void FileDamaged(ILogger logger, string path, string cache, string fault);

    [LoggerMessage(EventIds.Cache + 3, LogLevel.Information, "The cache holds {blocks} blocks; its catalogue was {trust}; known after {elapsed}.")]
    public static partial void Loaded(ILogger logger, int blocks, CatalogTrust trust, TimeSpan elapsed);

    [LoggerMessage(EventIds.Cache + 4, LogLevel.Warning, "The cache's catalogue is set aside, for {fault}; it is made anew from the block files.")]
    public static partial void CatalogSetAside(ILogger logger, string fault);

    [LoggerMessage(EventIds.Cache + 5, LogLevel.Warning, "The cache's catalogue cannot be read; it is made anew from the block files.")]
    public static partial void CatalogUnreadable(ILogger logger, Exception cause);

    [LoggerMessage(EventIds.Cache + 6, LogLevel.Warning, "What is at the cache's path is not taken up again: {problem}")]
    public static partial void FolderNotTaken(ILogger logger, string problem);

    [LoggerMessage(EventIds.Cache + 7, LogLevel.Information, "The cache's folder is back; it holds {blocks} blocks.")]
    public static partial void FolderBack(ILogger logger, int blocks);

    [LoggerMessage(EventIds.Cache + 8, LogLevel.Error, "The cache's upkeep failed in a way it should not; it goes on.")]
    public static partial void UpkeepFailed(ILogger logger, Exception failure);

    [LoggerMessage(EventIds.Cache + 9, LogLevel.Warning, "The cache disk does not let its upkeep end within {limit}; the agent ends without.")]
    public static partial void UpkeepHangs(ILogger logger, TimeSpan limit);

    [LoggerMessage(EventIds.Cache + 10, LogLevel.Warning, "The cache's catalogue cannot be written; serving goes on, the next start takes longer.")]
    public static partial void CatalogUnwritable(ILogger logger, Exception cause);

    [LoggerMessage(EventIds.Cache + 11, LogLevel.Error, "The cache disk gave {count} damaged files in the last hour: check the disk below {cache}.")]
    public static partial void DiskDamages(ILogger logger, string cache, int count);

    [LoggerMessage(EventIds.Cache + 12, LogLevel.Debug, "{path} was damaged in the cache and is stored anew, from {source}.")]
    public static partial void Healed(ILogger logger, string path, string source);

    [LoggerMessage(EventIds.Cache + 13, LogLevel.Information, "The scrub has looked at all of the cache {cache}: {files} files, {damaged} of them damaged.")]
    public static partial void ScrubRound(ILogger logger, string cache, long files, long damaged);

    [LoggerMessage(EventIds.Cache + 14, LogLevel.Warning, "The scrub of the cache {cache} failed; it goes on after a pause.")]
    public static partial void ScrubFailed(ILogger logger, Exception cause, string cache);

    [LoggerMessage(EventIds.Cache + 15, LogLevel.Debug, "How far the scrub is could not be kept for the next start: {reason}.")]
    public static partial void ScrubPlaceNotKept(ILogger logger, string reason);
}
