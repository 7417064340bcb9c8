using Microsoft.Extensions.Logging;
using OsCircular.Blocks;
using OsCircular.Diagnostics;

namespace OsCircular.Cache;

internal static partial class CacheLog
{
    [LoggerMessage(EventIds.Cache + 0, LogLevel.Warning, "Cache {cache} is {state} (errno {errno}); serving goes on without storing.")]
    public static partial void DiskFailed(ILogger logger, string cache, CacheState state, int errno);

    [LoggerMessage(EventIds.Cache + 1, LogLevel.Information, "Cache {cache} stores blocks again.")]
    public static partial void DiskWorksAgain(ILogger logger, string cache);

    [LoggerMessage(EventIds.Cache + 2, LogLevel.Warning, "Block file {name} in the cache was damaged and is set aside; the disk is to blame.")]
    public static partial void BlockDamaged(ILogger logger, BlockName name);
}
