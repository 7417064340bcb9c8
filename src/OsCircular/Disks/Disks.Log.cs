using Microsoft.Extensions.Logging;
using OsCircular.Blocks;
using OsCircular.Diagnostics;

namespace OsCircular.Disks;

internal static partial class Log
{
    [LoggerMessage(EventIds.Disks, LogLevel.Error, "Block {Block} is not what the signed index says it holds; its readers get an error.")]
    public static partial void ContentWrong(ILogger logger, BlockName block);

    [LoggerMessage(EventIds.Disks + 1, LogLevel.Error, "Reading block {Block} from the cache failed unexpectedly; asking further sources.")]
    public static partial void LocalReadThrew(ILogger logger, Exception exception, BlockName block);

    [LoggerMessage(EventIds.Disks + 2, LogLevel.Error, "Fetching block {Block} failed unexpectedly.")]
    public static partial void FetchThrew(ILogger logger, Exception exception, BlockName block);

    [LoggerMessage(EventIds.Disks + 3, LogLevel.Error, "A task of the read path failed unexpectedly.")]
    public static partial void TaskFailed(ILogger logger, Exception exception);

    [LoggerMessage(EventIds.Disks + 4, LogLevel.Warning, "{Workers} workers are still inside the cache disk {Seconds} s after they were told to end; leaving them.")]
    public static partial void WorkersHung(ILogger logger, int workers, double seconds);

    [LoggerMessage(EventIds.Disks + 5, LogLevel.Error, "Fetching index page {Page} failed unexpectedly.")]
    public static partial void PageFetchThrew(ILogger logger, Exception exception, Digest page);

    [LoggerMessage(EventIds.Disks + 6, LogLevel.Error, "Mapping block {Block} failed unexpectedly; its readers get an error.")]
    public static partial void MappingThrew(ILogger logger, Exception exception, BlockName block);
}
