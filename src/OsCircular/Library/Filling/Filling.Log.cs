using Microsoft.Extensions.Logging;
using OsCircular.Diagnostics;
using OsCircular.Indexes;

namespace OsCircular.Library.Filling;

/// <summary>Ids 420 to 425.</summary>
internal static partial class FillLog
{
    [LoggerMessage(EventIds.Library + 20, LogLevel.Information, "Filling the cache with {Image}@{Version}, {Bytes} bytes stored")]
    public static partial void Begun(ILogger logger, ImageName image, VersionName version, long bytes);

    [LoggerMessage(EventIds.Library + 21, LogLevel.Information, "All {Blocks} blocks of {Image}@{Version} are held; {Bytes} bytes were fetched for it")]
    public static partial void Done(ILogger logger, ImageName image, VersionName version, long blocks, long bytes);

    [LoggerMessage(EventIds.Library + 22, LogLevel.Warning, "Filling with {Image}@{Version}: {Failures} failures, the last: {Problem}; it goes on in {Pause}")]
    public static partial void Pausing(ILogger logger, ImageName image, VersionName version, long failures, string? problem, TimeSpan pause);

    [LoggerMessage(EventIds.Library + 23, LogLevel.Warning, "Filling with {Image}@{Version} is given up: {Problem}")]
    public static partial void Failed(ILogger logger, ImageName image, VersionName version, string problem);

    [LoggerMessage(EventIds.Library + 24, LogLevel.Information, "Filling with {Image}@{Version} was stopped")]
    public static partial void Stopped(ILogger logger, ImageName image, VersionName version);

    [LoggerMessage(EventIds.Library + 25, LogLevel.Error, "Filling with {Image}@{Version} failed in a way it should not")]
    public static partial void Threw(ILogger logger, Exception failure, ImageName image, VersionName version);
}
