using Microsoft.Extensions.Logging;
using OsCircular.Diagnostics;
using OsCircular.Sources;

namespace OsCircular.Peers;

/// <summary>900 to 939; summaries have 940 on, discovery 950 on, access 970 on.</summary>
internal static partial class PeersLog
{
    [LoggerMessage(EventIds.Peers + 0, LogLevel.Information, "peer {Address} met: id {Id}, {Found}")]
    public static partial void PeerMet(this ILogger logger, string address, PeerId id, string found);

    [LoggerMessage(EventIds.Peers + 1, LogLevel.Information, "peer {Address} does not answer: {Reason}")]
    public static partial void PeerSilent(this ILogger logger, string address, string reason);

    [LoggerMessage(EventIds.Peers + 2, LogLevel.Information, "peer {Address} answers again")]
    public static partial void PeerIsBack(this ILogger logger, string address);

    [LoggerMessage(EventIds.Peers + 3, LogLevel.Information, "peer {Address} is forgotten: not heard of for {Minutes} min")]
    public static partial void PeerForgotten(this ILogger logger, string address, double minutes);

    [LoggerMessage(EventIds.Peers + 4, LogLevel.Warning, "peer {Peer} is banned for {Seconds:0} s: it {Reason}")]
    public static partial void PeerBanned(this ILogger logger, string peer, double seconds, string reason);

    [LoggerMessage(EventIds.Peers + 5, LogLevel.Information, "peer {Peer} rests for {Seconds} s: {Reason}")]
    public static partial void PeerRests(this ILogger logger, string peer, double seconds, string reason);

    [LoggerMessage(EventIds.Peers + 6, LogLevel.Debug, "peer {Peer}: {Path}: {Error} {Detail}")]
    public static partial void AskFailed(this ILogger logger, string peer, string path, SourceError error, string? detail);

    [LoggerMessage(EventIds.Peers + 7, LogLevel.Debug, "greeting {Address} failed: {Error} {Detail}")]
    public static partial void GreetingFailed(this ILogger logger, string address, SourceError error, string? detail);

    [LoggerMessage(EventIds.Peers + 8, LogLevel.Warning, "peer {Address} is not taken up: {Reason}")]
    public static partial void PeerNotTaken(this ILogger logger, string address, string reason);

    [LoggerMessage(EventIds.Peers + 9, LogLevel.Information, "the summary of peer {Address} cannot be used: {Fault}")]
    public static partial void SummaryUnusable(this ILogger logger, string address, string fault);

    [LoggerMessage(EventIds.Peers + 30, LogLevel.Warning, "peer {Peer} gave wrong bytes for {Path}; it is asked once more, to look at its own file first")]
    public static partial void WrongBytes(this ILogger logger, string peer, string path);

    [LoggerMessage(EventIds.Peers + 10, LogLevel.Error, "{Task} failed in a way it should not; it goes on")]
    public static partial void TaskFailed(this ILogger logger, Exception failure, string task);

    [LoggerMessage(EventIds.Peers + 11, LogLevel.Warning, "the addresses of known peers could not be kept for the next start: {Reason}")]
    public static partial void NotRemembered(this ILogger logger, string reason);

    [LoggerMessage(EventIds.Peers + 12, LogLevel.Error, "a search among the peers failed in a way it should not; it goes on elsewhere, and further ones are not told of for a minute")]
    public static partial void SearchFailed(this ILogger logger, Exception failure);
}
