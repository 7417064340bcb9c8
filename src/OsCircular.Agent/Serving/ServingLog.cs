using Microsoft.Extensions.Logging;
using OsCircular.Diagnostics;

namespace OsCircular.Agent.Serving;

internal static partial class ServingLog
{
    [LoggerMessage(EventIds.Agent + 50, LogLevel.Warning, "{Path} cannot be read: {Reason}")]
    public static partial void FileUnreadable(this ILogger logger, string path, string reason);

    [LoggerMessage(EventIds.Agent + 51, LogLevel.Warning, "{Folder} holds no head.minisig yet: nobody can adopt anything from here before something is published into it")]
    public static partial void NoHeadYet(this ILogger logger, string folder);

    [LoggerMessage(EventIds.Agent + 60, LogLevel.Information, "Port {Wished} is taken; peers are listened to on {Port}")]
    public static partial void PeerPortTaken(this ILogger logger, int wished, int port);

    [LoggerMessage(EventIds.Agent + 61, LogLevel.Error, "A peer's request for {Target} failed")]
    public static partial void PeerRequestFailed(this ILogger logger, Exception exception, string target);
}
