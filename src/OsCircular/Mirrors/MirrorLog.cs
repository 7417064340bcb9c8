using Microsoft.Extensions.Logging;
using OsCircular.Diagnostics;
using OsCircular.Sources;

namespace OsCircular.Mirrors;

internal static partial class MirrorLog
{
    [LoggerMessage(EventIds.Mirrors + 0, LogLevel.Warning, "mirror {Mirror} rests for {Seconds} s: {Reason}")]
    public static partial void MirrorRests(this ILogger logger, string mirror, double seconds, string reason);

    [LoggerMessage(EventIds.Mirrors + 1, LogLevel.Information, "mirror {Mirror} answers again")]
    public static partial void MirrorIsBack(this ILogger logger, string mirror);

    [LoggerMessage(EventIds.Mirrors + 2, LogLevel.Warning, "mirror {Mirror} has wrong bytes for {Path}, also when asked again past all caches")]
    public static partial void WrongBytes(this ILogger logger, string mirror, string path);

    [LoggerMessage(EventIds.Mirrors + 3, LogLevel.Warning, "a cache between us and mirror {Mirror} held wrong bytes for {Path}; asked again past it, they are right")]
    public static partial void WrongBytesInProxy(this ILogger logger, string mirror, string path);

    [LoggerMessage(EventIds.Mirrors + 4, LogLevel.Debug, "mirror {Mirror}: {Path}: {Error} {Detail}")]
    public static partial void AttemptFailed(this ILogger logger, string mirror, string path, SourceError error, string? detail);
}
