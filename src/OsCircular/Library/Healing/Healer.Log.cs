using Microsoft.Extensions.Logging;
using OsCircular.Diagnostics;

namespace OsCircular.Library.Healing;

internal static partial class HealerLog
{
    [LoggerMessage(EventIds.Library + 40, LogLevel.Information, "{Count} files that were damaged in the cache are healed; {Left} are not yet.")]
    public static partial void Healed(ILogger logger, int count, int left);

    [LoggerMessage(EventIds.Library + 41, LogLevel.Error, "Healing the cache failed in a way it should not; it goes on after a pause.")]
    public static partial void Failed(ILogger logger, Exception failure);
}
