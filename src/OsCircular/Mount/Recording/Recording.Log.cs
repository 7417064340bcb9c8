using Microsoft.Extensions.Logging;
using OsCircular.Diagnostics;
using OsCircular.Indexes;

namespace OsCircular.Mount.Recording;

/// <summary>Ids 610 to 612.</summary>
internal static partial class RecordingLog
{
    [LoggerMessage(EventIds.Mount + 10, LogLevel.Information, "Recording what is first read of {Image}@{Version}")]
    public static partial void Begun(ILogger logger, ImageName image, VersionName version);

    [LoggerMessage(EventIds.Mount + 11, LogLevel.Information, "Recording of {Image}@{Version} {State}: {Blocks} blocks; {Runs} runs are kept; problem: {Problem}")]
    public static partial void Ended(ILogger logger, ImageName image, VersionName version, RecordingState state, int blocks, int runs, string? problem);

    [LoggerMessage(EventIds.Mount + 12, LogLevel.Warning, "The kernel did not forget what it has of the disk: blocks that it has will be missing in the recording")]
    public static partial void NotForgotten(ILogger logger, Exception failure);
}
