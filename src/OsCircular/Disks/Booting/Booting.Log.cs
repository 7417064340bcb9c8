using Microsoft.Extensions.Logging;
using OsCircular.Diagnostics;

namespace OsCircular.Disks.Booting;

/// <summary>Ids 510 and 511.</summary>
internal static partial class BootLog
{
    [LoggerMessage(EventIds.Disks + 10, LogLevel.Information, "{Disk} is being read: fetching the {Blocks} blocks of its profile ahead")]
    public static partial void Begun(ILogger logger, BootedDisk disk, int blocks);

    [LoggerMessage(EventIds.Disks + 11, LogLevel.Information, "Profile of {Disk} {State}: {Blocks} blocks of {Bytes} bytes fetched ahead, {Held} were held; problem: {Problem}")]
    public static partial void Ended(ILogger logger, BootedDisk disk, BootState state, int blocks, long bytes, int held, string? problem);
}
