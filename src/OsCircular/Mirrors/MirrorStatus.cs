using OsCircular.Sources;

namespace OsCircular.Mirrors;

public enum MirrorState
{
    /// <summary>Not asked yet.</summary>
    Untried,

    /// <summary>Answers.</summary>
    Ready,

    /// <summary>Failed too often; asked again in a moment.</summary>
    Resting,
}

/// <summary>One mirror as <c>status</c> shows it: a snapshot.</summary>
/// <param name="Name">URL or folder, without credentials.</param>
/// <param name="Latency">To the first byte; null where nothing was measured.</param>
/// <param name="BytesPerSecond">0 where nothing was measured.</param>
/// <param name="Bytes">Good bytes that came from it.</param>
/// <param name="Requests">Attempts, the failed ones too.</param>
/// <param name="Failures">Count of each kind of failure that occurred; <see cref="SourceError.Missing"/> is one, <see cref="SourceError.Cancelled"/> is none.</param>
/// <param name="LastError">The last failure but a miss, in one line; null where there was none.</param>
public sealed record MirrorStatus(
    string Name,
    MirrorState State,
    TimeSpan? Latency,
    double BytesPerSecond,
    long Bytes,
    long Requests,
    IReadOnlyDictionary<SourceError, long> Failures,
    string? LastError);
