using Microsoft.Extensions.Logging;
using OsCircular.Diagnostics;

namespace OsCircular.Library.Pins;

/// <summary>Ids 460 to 465.</summary>
internal static partial class PinLog
{
    [LoggerMessage(EventIds.Library + 60, LogLevel.Information, "{Pin} is pinned")]
    public static partial void Pinned(ILogger logger, Pin pin);

    [LoggerMessage(EventIds.Library + 61, LogLevel.Information, "{Pin} is not pinned any more")]
    public static partial void Unpinned(ILogger logger, Pin pin);

    [LoggerMessage(EventIds.Library + 62, LogLevel.Information, "Pin {Pin} follows to {Target}")]
    public static partial void Follows(ILogger logger, Pin pin, string target);

    [LoggerMessage(EventIds.Library + 63, LogLevel.Warning, "Pin {Pin} is not kept as it should be: {Problem}")]
    public static partial void NotKept(ILogger logger, Pin pin, string problem);

    [LoggerMessage(EventIds.Library + 65, LogLevel.Warning, "Pins: {Problem}")]
    public static partial void Trouble(ILogger logger, string problem);

    [LoggerMessage(EventIds.Library + 64, LogLevel.Error, "Looking after the pins failed in a way it should not; it goes on")]
    public static partial void Failed(ILogger logger, Exception failure);
}
