using Microsoft.Extensions.Logging;
using OsCircular.Diagnostics;
using OsCircular.Indexes;

namespace OsCircular.Agent.Hosting;

/// <summary>Highest id: 806; 850 to 859 are the embedded mirror's.</summary>
internal static partial class AgentLog
{
    [LoggerMessage(EventIds.Agent + 0, LogLevel.Information, "Reads go {Chain}")]
    public static partial void Chain(ILogger log, string chain);

    [LoggerMessage(EventIds.Agent + 1, LogLevel.Warning, "{Reason}")]
    public static partial void NotUnmounted(ILogger log, string reason);

    [LoggerMessage(EventIds.Agent + 2, LogLevel.Warning, "{MountPoint} is taken out of the tree; open files are served until they are closed (a second SIGTERM ends at once)")]
    public static partial void ServingOpenFiles(ILogger log, string mountPoint);

    [LoggerMessage(EventIds.Agent + 3, LogLevel.Information, "Mounted {MountPoint}: {Images} images, {Versions} versions, sequence {Sequence} of repository {Repository}")]
    public static partial void Mounted(ILogger log, string mountPoint, int images, int versions, long sequence, string repository);

    [LoggerMessage(EventIds.Agent + 5, LogLevel.Error, "Looking for a newer head failed in a way it should not; it goes on")]
    public static partial void RefresherFailed(ILogger log, Exception failure);

    [LoggerMessage(EventIds.Agent + 6, LogLevel.Warning, "{Image}@{Version} has booted, but is not filled: {Problem}")]
    public static partial void NotFilledAfterBoot(ILogger log, ImageName image, VersionName version, string problem);

    [LoggerMessage(EventIds.Agent + 4, LogLevel.Information, "Showing sequence {Sequence}: {Images} images, {Versions} versions")]
    public static partial void Showing(ILogger log, long sequence, int images, int versions);
}
