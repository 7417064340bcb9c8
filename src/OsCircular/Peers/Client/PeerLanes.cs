using System.Collections.Concurrent;
using System.Net;
using OsCircular.Peers.Choice;
using OsCircular.Sources;
using OsCircular.Sources.Transfers;

namespace OsCircular.Peers.Client;

/// <summary>The connections to one peer: as many as are asked on at one time, up to a limit; the one used last is used first. Thread-safe.</summary>
internal sealed class PeerLanes : IDisposable
{
    private readonly IPEndPoint _address;
    private readonly PeerIdentity _self;
    private readonly TimeProvider _time;
    private readonly Patience _patience;

    // Disposing it would strand whoever waits for a lane; it holds nothing that must be given back.
#pragma warning disable CA2213
    private readonly SemaphoreSlim _free;
#pragma warning restore CA2213
    private readonly ConcurrentStack<PeerLane> _idle = new();
    private volatile bool _disposed;

    public PeerLanes(IPEndPoint address, PeerIdentity self, PeerOptions options, Patience patience, TimeProvider time)
    {
        _address = address;
        _self = self;
        _time = time;
        _patience = patience;
        _free = new SemaphoreSlim(options.Lanes);
    }

    /// <summary>Asks once. Never throws for what a network or a cancellation does.</summary>
    /// <param name="ask">What for.</param>
    /// <param name="body">Lent until the task completes.</param>
    /// <param name="limit">For all of it, the wait for a lane included.</param>
    /// <param name="cancellationToken">Ends it with <see cref="SourceError.Cancelled"/>.</param>
    public async ValueTask<PeerAnswer> GetAsync(PeerAsk ask, BodyBuffer body, TimeSpan limit, CancellationToken cancellationToken)
    {
        TimeSpan silence = _patience.Silence;
        using var whole = new CancellationTokenSource(limit, _time);
        using CancellationTokenRegistration asker = cancellationToken.UnsafeRegister(static source => ((CancellationTokenSource)source!).Cancel(), whole);
        try
        {
            await _free.WaitAsync(whole.Token).ConfigureAwait(false);
            try
            {
                return _disposed ? new PeerAnswer(SourceError.Unreachable, "forgotten") : await OnLaneAsync(ask, body, silence, whole).ConfigureAwait(false);
            }
            finally
            {
                _free.Release();
            }
        }
        catch (OperationCanceledException)
        {
            if (cancellationToken.IsCancellationRequested) return SourceError.Cancelled;
            return new PeerAnswer(SourceError.TimedOut, whole.IsCancellationRequested ? "too slow" : $"silent for {silence.TotalSeconds:0.#} s");
        }
        catch (Exception e) when (e is HttpRequestException or IOException or ObjectDisposedException)
        {
            return new PeerAnswer(SourceError.Unreachable, (e.InnerException ?? e).Message);
        }
        catch (InvalidDataException e)
        {
            return new PeerAnswer(SourceError.Invalid, e.Message);
        }
    }

    /// <summary>Closes what is idle; what is under way goes on to its end, and whoever waits for a lane is told.</summary>
    public void Dispose()
    {
        _disposed = true;
        CloseIdle();
    }

    private void CloseIdle()
    {
        while (_idle.TryPop(out PeerLane? lane)) lane.Dispose();
    }

    private async ValueTask<PeerAnswer> OnLaneAsync(PeerAsk ask, BodyBuffer body, TimeSpan silence, CancellationTokenSource whole)
    {
        // One clock for the wait for the answer and for each wait for more of it.
        using var stall = new CancellationTokenSource(silence, _time);
        using CancellationTokenRegistration link = whole.Token.UnsafeRegister(static source => ((CancellationTokenSource)source!).Cancel(), stall);
        if (!_idle.TryPop(out PeerLane? lane)) lane = new PeerLane(_address, _self, silence);
        try
        {
            return await lane.SendAsync(ask, body, stall, silence, whole).ConfigureAwait(false);
        }
        finally
        {
            // Looked at after the push: disposing at the same moment misses it either there or here, and not both.
            _idle.Push(lane);
            if (_disposed) CloseIdle();
        }
    }
}
