using Microsoft.Extensions.Logging;
using OsCircular.Diagnostics;

namespace OsCircular.Library.Carrying;

/// <summary>Id 460.</summary>
internal static partial class CarryingLog
{
    [LoggerMessage(EventIds.Library + 60, LogLevel.Information, "Imported {Path}, head {Sequence}: {Blocks} block files of {Bytes} bytes taken, {Damaged} files damaged")]
    public static partial void Imported(ILogger logger, string path, long sequence, long blocks, long bytes, long damaged);
}
