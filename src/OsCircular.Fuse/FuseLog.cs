using Microsoft.Extensions.Logging;

namespace OsCircular.Fuse;

internal static partial class FuseLog
{
    [LoggerMessage(100, LogLevel.Information, "FUSE 7.{Minor} connection open: reads of up to {MaxReadBytes} bytes, resend {CanResend}")]
    public static partial void Connected(this ILogger logger, uint minor, int maxReadBytes, bool canResend);

    [LoggerMessage(101, LogLevel.Information, "FUSE session ended: {Reason}")]
    public static partial void Ended(this ILogger logger, FuseSessionEndReason reason);

    [LoggerMessage(102, LogLevel.Error, "FUSE session failed")]
    public static partial void Failed(this ILogger logger, Exception failure);

    [LoggerMessage(103, LogLevel.Error, "FUSE request {Opcode} on node {Id} threw; answered EIO")]
    public static partial void RequestThrew(this ILogger logger, Protocol.FuseOpcode opcode, ulong id, Exception failure);

    [LoggerMessage(104, LogLevel.Warning, "the kernel refused the reply to FUSE request {Unique:x}: {Error}")]
    public static partial void ReplyRefused(this ILogger logger, ulong unique, FuseError error);

    [LoggerMessage(105, LogLevel.Warning, "malformed FUSE request of {Length} bytes, opcode {Opcode}")]
    public static partial void Malformed(this ILogger logger, int length, Protocol.FuseOpcode opcode);

    [LoggerMessage(106, LogLevel.Warning, "FUSE session stopped with {Waiting} requests unanswered")]
    public static partial void StoppedUnanswered(this ILogger logger, int waiting);

    [LoggerMessage(107, LogLevel.Error, "telling of an interrupted FUSE request on node {Id} threw")]
    public static partial void InterruptHandlerThrew(this ILogger logger, ulong id, Exception failure);

    [LoggerMessage(110, LogLevel.Warning, "dead mount of an earlier agent detached from {MountPoint}")]
    public static partial void StaleMountCleaned(this ILogger logger, string mountPoint);

    [LoggerMessage(111, LogLevel.Debug, "read-ahead of {MountPoint} left as it is: {Reason}")]
    public static partial void ReadAheadNotSet(this ILogger logger, string mountPoint, string reason);
}
