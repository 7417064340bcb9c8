namespace OsCircular.Agent.Control;

/// <summary>Everything that <c>peers</c> tells: what <c>peers --json</c> prints. Sizes in bytes, times in seconds.</summary>
/// <param name="Sum">The group, in sums; null where peers are off.</param>
/// <param name="Peers">Each peer.</param>
/// <param name="Trackers">Each tracker.</param>
public sealed record PeersReport(PeersSumReport? Sum, IReadOnlyList<PeerReport> Peers, IReadOnlyList<TrackerReport> Trackers);

public sealed record PeerReport
{
    public required string Address { get; init; }
    public required string Id { get; init; }

    /// <summary><c>alive</c>, <c>silent</c>, <c>resting</c> or <c>banned</c>.</summary>
    public required string State { get; init; }

    /// <summary>Why it is in that state; null where there is nothing to say.</summary>
    public required string? Why { get; init; }

    public required string? Repository { get; init; }
    public required long Sequence { get; init; }

    /// <summary>Whether it can fetch from a mirror, and so be a home.</summary>
    public required bool Fetches { get; init; }

    /// <summary>Names of blocks and documents that it says it holds.</summary>
    public required int Offers { get; init; }

    public required long BytesReceived { get; init; }
    public required long BytesSent { get; init; }
    public required double? LatencySeconds { get; init; }
    public required double BytesPerSecond { get; init; }
    public required long Requests { get; init; }

    /// <summary>Since it was last heard of.</summary>
    public required double QuietSeconds { get; init; }

    public required int Bans { get; init; }
    public required string? LastError { get; init; }
}

public sealed record TrackerReport(string Url, string? Problem, double? SinceAnswerSeconds, double UntilNextSeconds, int Peers);
