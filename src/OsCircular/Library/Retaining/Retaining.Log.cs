using Microsoft.Extensions.Logging;
using OsCircular.Diagnostics;
using OsCircular.Indexes;

namespace OsCircular.Library.Retaining;

internal static partial class RetainingLog
{
    [LoggerMessage(
        EventIds.Library + 80, LogLevel.Warning,
        "{Image}@{Version} is retired since {Since:u}, and somebody has it open: its files will leave the mirrors; the cache is filled with it meanwhile")]
    public static partial void RetiredIsOpen(this ILogger logger, ImageName image, VersionName version, DateTimeOffset since);

    [LoggerMessage(EventIds.Library + 81, LogLevel.Information, "{Image}@{Version} left the repository and is neither open nor held as a whole: it is not shown any more")]
    public static partial void NotRetained(this ILogger logger, ImageName image, VersionName version);

    [LoggerMessage(EventIds.Library + 82, LogLevel.Warning, "which versions that left the repository are kept could not be saved and will be forgotten at the next start: {Problem}")]
    public static partial void RetainedNotSaved(this ILogger logger, string problem);

    [LoggerMessage(EventIds.Library + 83, LogLevel.Warning, "{Path} {Problem}; versions that left the repository are forgotten")]
    public static partial void RetainedUnreadable(this ILogger logger, string path, string problem);

    [LoggerMessage(EventIds.Library + 84, LogLevel.Error, "Looking after versions that left the repository failed in a way it should not; it goes on")]
    public static partial void RetainFailed(this ILogger logger, Exception failure);
}
