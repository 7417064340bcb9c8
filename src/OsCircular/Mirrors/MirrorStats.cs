using OsCircular.Sources;

namespace OsCircular.Mirrors;

/// <summary>What was measured and counted of one mirror. Thread-safe.</summary>
internal sealed class MirrorStats
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

    public MirrorStats(TimeProvider time)
    {
        _time = time;
        _rate = new RateMeter(time);
    }

    public MirrorEstimate Estimate(bool resting)
    {
        lock (_lock)
        {
            bool stale = _measured is not { } measured || _time.GetElapsedTime(measured) > StaleAfter;
            return new MirrorEstimate(_latency, _rate.BytesPerSecond, _queued, stale, resting);
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

    public MirrorStatus Status(string name, bool resting)
    {
        lock (_lock)
        {
            var failures = new Dictionary<SourceError, long>();
            for (int kind = 0; kind < _failures.Length; kind++)
            {
                if (_failures[kind] > 0) failures[(SourceError)kind] = _failures[kind];
            }

            MirrorState state = resting ? MirrorState.Resting : _requests == 0 ? MirrorState.Untried : MirrorState.Ready;
            TimeSpan? latency = _measured is null ? null : TimeSpan.FromSeconds(_latency);
            return new MirrorStatus(name, state, latency, _rate.BytesPerSecond, _bytes, _requests, failures, _lastError);
        }
    }
}
