using OsCircular.Sources;
using OsCircular.Sources.Rates;

namespace OsCircular.Agent.Serving;

/// <summary>The places for uploads and their common rate. Refuses at once rather than queues: the asker has other peers to ask. Thread-safe.</summary>
internal sealed class UploadGate
{
    private readonly int _places;
    private readonly TimeSpan _mostWait;
    private readonly TimeProvider _time;
    private readonly RateCap? _rate;
    private int _running;

    public UploadGate(PeerServerOptions options, TimeProvider time)
    {
        _places = options.Uploads;
        _mostWait = options.MaxUploadWait;
        _time = time;

        // What may be saved up is what an asker may be held for: an idle second is no reason to flood the line.
        if (!options.UploadRate.IsNone) _rate = new RateCap(options.UploadRate, time, options.MaxUploadWait);
    }

    /// <summary>Uploads that run now.</summary>
    public int Running => Volatile.Read(ref _running);

    /// <summary>Bytes a second at this hour; null: no limit.</summary>
    public long? RateNow => _rate?.Now;

    /// <summary>Takes a place where the class may have one; dispose what it returns.</summary>
    public UploadPlace Enter(FetchClass fetchClass)
    {
        for (int seen = Running; UploadRule.MayStart(fetchClass, seen, _places); seen = Running)
        {
            if (Interlocked.CompareExchange(ref _running, seen + 1, seen) == seen) return new UploadPlace(this);
        }

        return default;
    }

    /// <summary>Waits until these bytes may go.</summary>
    /// <returns>False, at once, where that would be too long.</returns>
    public async ValueTask<bool> TakeAsync(long bytes, FetchClass fetchClass, CancellationToken cancellationToken)
    {
        if (_rate is null) return true;
        if (!_rate.TryTake(bytes, UploadRule.MostWait(fetchClass, _mostWait), out TimeSpan wait)) return false;
        if (wait > TimeSpan.Zero) await Task.Delay(wait, _time, cancellationToken);
        return true;
    }

    internal void Leave() => Interlocked.Decrement(ref _running);
}

/// <summary>A place in an <see cref="UploadGate"/>, or none; dispose it once.</summary>
internal readonly struct UploadPlace(UploadGate? gate) : IDisposable
{
    public bool IsGiven => gate is not null;

    public void Dispose() => gate?.Leave();
}
