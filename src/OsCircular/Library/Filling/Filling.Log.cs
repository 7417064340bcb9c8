using Microsoft.Extensions.Logging;
using OsCircular.Diagnostics;

namespace OsCircular.Library.Filling;

/// <summary>Ids 420 to 425.</summary>
internal static partial class FillLog
{
    [LoggerMessage(EventIds.Library + 20, LogLevel.Information, "Filling the cache with {Target}")]
    public static partial void Begun(ILogger logger, FillTarget target);

    [LoggerMessage(EventIds.Library + 21, LogLevel.Information, "All {Blocks} blocks of {Target} are held; {Bytes} bytes were fetched for it")]
    public static partial void Done(ILogger logger, FillTarget target, long blocks, long bytes);

    [LoggerMessage(EventIds.Library + 22, LogLevel.Warning, "Filling with {Target}: {Failures} failures, the last: {Problem}; it goes on in {Pause}")]
    public static partial void Pausing(ILogger logger, FillTarget target, long failures, string? problem, TimeSpan pause);

    [LoggerMessage(EventIds.Library + 23, LogLevel.Warning, "Filling with {Target} is given up: {Problem}")]
    public static partial void Failed(ILogger logger, FillTarget target, string problem);

    [LoggerMessage(EventIds.Library + 24, LogLevel.Information, "Filling with {Target} was stopped")]
    public static partial void Stopped(ILogger logger, FillTarget target);

    [LoggerMessage(EventIds.Library + 25, LogLevel.Error, "Filling with {Target} failed in a way it should not")]
    public static partial void Threw(ILogger logger, Exception failure, FillTarget target);
}
