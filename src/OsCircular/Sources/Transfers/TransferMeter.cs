namespace OsCircular.Sources.Transfers;

/// <summary>What was measured and counted of one mirror or peer. Thread-safe.</summary>
internal sealed class TransferMeter
{
    private static readonly TimeSpan StaleAfter = TimeSpan.FromMinutes(1);

    private readonly TimeProvider _time;
    private readonly RateMeter _rate;
    private readonly Lock _lock = new();

    // Guarded by _lock.
    private readonly long[] _failures = new long[Enum.GetValues<SourceError>().Length];
    private double _latency;
    private long _queued;
    private long _bytes;
    private long _requests;
    private long? _measured;
    private string? _lastError;

    public TransferMeter(TimeProvider time)
    {
        _time = time;
        _rate = new RateMeter(time);
    }

    public TransferEstimate Estimate(bool resting)
    {
        lock (_lock)
        {
            bool stale = _measured is not { } measured || _time.GetElapsedTime(measured) > StaleAfter;
            return new TransferEstimate(_latency, _rate.BytesPerSecond, _queued, stale, resting);
        }
    }

    /// <summary>A file of about this length is asked for. To be followed by <see cref="End"/> with the same length.</summary>
    /// <returns>Seconds that what was asked for before it will take.</returns>
    public double Begin(int length)
    {
        _rate.Begin();
        lock (_lock)
        {
            double rate = _rate.BytesPerSecond;
            double ahead = rate > 0 ? _queued / rate : 0;
            _queued += length;
            _requests++;
            return ahead;
        }
    }

    /// <param name="length">As at <see cref="Begin"/>.</param>
    /// <param name="error">How it ended.</param>
    /// <param name="bytes">Good bytes that came.</param>
    /// <param name="firstByte">Seconds to the first byte, without the queue ahead of it; null where none came.</param>
    public void End(int length, SourceError error, int bytes, double? firstByte)
    {
        _rate.End(bytes);
        lock (_lock)
        {
            _queued -= length;
            _bytes += bytes;
            if (error is not (SourceError.None or SourceError.Cancelled)) _failures[(int)error]++;
            if (firstByte is not { } sample) return;
            _latency = _measured is null ? sample : (0.8 * _latency) + (0.2 * sample);
            _measured = _time.GetTimestamp();
        }
    }

    public void NoteError(string line)
    {
        lock (_lock) _lastError = line;
    }

    public TransferCounts Counts
    {
        get
        {
            lock (_lock)
            {
                var failures = new Dictionary<SourceError, long>();
                for (int kind = 0; kind < _failures.Length; kind++)
                {
                    if (_failures[kind] > 0) failures[(SourceError)kind] = _failures[kind];
                }

                return new TransferCounts(_measured is null ? null : TimeSpan.FromSeconds(_latency), _rate.BytesPerSecond, _bytes, _requests, failures, _lastError);
            }
        }
    }
}

/// <summary>A snapshot of a <see cref="TransferMeter"/>.</summary>
/// <param name="Latency">To the first byte, beyond our own queue; null where nothing was measured.</param>
/// <param name="BytesPerSecond">0 where nothing was measured.</param>
/// <param name="Bytes">Good bytes that came.</param>
/// <param name="Requests">Attempts, the failed ones too.</param>
/// <param name="Failures">Count of each kind that occurred; <see cref="SourceError.Missing"/> is one, <see cref="SourceError.Cancelled"/> is none.</param>
/// <param name="LastError">The last failure but a miss, in one line; null where there was none.</param>
public sealed record TransferCounts(
    TimeSpan? Latency, double BytesPerSecond, long Bytes, long Requests, IReadOnlyDictionary<SourceError, long> Failures, string? LastError);
