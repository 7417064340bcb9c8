using Microsoft.Extensions.Logging;
using OsCircular.Diagnostics;
using OsCircular.Fuse;

namespace OsCircular.Agent.Hosting;

/// <summary>Highest id: 1007.</summary>
internal static partial class TakeoverLog
{
    [LoggerMessage(EventIds.Takeover + 0, LogLevel.Information, "Took {MountPoint} over from an agent that ended: generation {Generation}; asking for what it left unanswered: {Answer}")]
    public static partial void TakenOver(ILogger log, string mountPoint, uint generation, FuseError answer);

    [LoggerMessage(EventIds.Takeover + 1, LogLevel.Warning, "{MountPoint} would not outlive this agent's process: {Reason}")]
    public static partial void NotKept(ILogger log, string mountPoint, string reason);

    [LoggerMessage(EventIds.Takeover + 2, LogLevel.Warning, "{Keeper}, which was to keep the mount, is gone; handing it to another")]
    public static partial void KeeperGone(ILogger log, string keeper);

    [LoggerMessage(EventIds.Takeover + 3, LogLevel.Warning, "What an agent before this one left cannot be had: {Reason}")]
    public static partial void NotTaken(ILogger log, string reason);

    [LoggerMessage(EventIds.Takeover + 4, LogLevel.Warning, "The mount that was kept is not on {MountPoint} any more; it is ended, with what is still open there, and a new one made")]
    public static partial void NotThere(ILogger log, string mountPoint);

    [LoggerMessage(EventIds.Takeover + 5, LogLevel.Error, "{Unproven} agents in a row ended as soon as they served this mount; what was asked of them is answered with an error now")]
    public static partial void RefusingResent(ILogger log, uint unproven);

    [LoggerMessage(EventIds.Takeover + 6, LogLevel.Warning, "{MountPoint} is left to the next agent; without one within {Seconds} s, whoever uses it gets errors")]
    public static partial void Left(ILogger log, string mountPoint, double seconds);

    [LoggerMessage(EventIds.Takeover + 7, LogLevel.Warning, "Whoever kept the mount was not told of its end: {Reason}")]
    public static partial void NotReleased(ILogger log, string reason);
}
