using System.Diagnostics.CodeAnalysis;
using Microsoft.Extensions.Logging;

namespace OsCircular.Fuse;

/// <summary>
/// The requests that wait for their answer, by the kernel's number for them. Whoever takes a request out has the right to answer it: that is the one
/// decision between a reply, an interrupt and the end of the session.
/// </summary>
/// <remarks>
/// The number is opaque and compared whole: bit 63 says that the request was sent to a process before us. Objects are used again once the file system
/// has replied and no interrupt handler runs any more.
/// </remarks>
internal sealed class FuseRequestTable(FuseChannel channel, ILogger logger)
{
    // An INTERRUPT may be read by one thread before another has entered the request it is for. Unmatched numbers are kept for a while; what is never
    // matched (most were just answered) is overwritten.
    private const int EarlyInterrupts = 64;

    private enum Entry
    {
        Begun,
        Known,
        Interrupted,
    }

    private readonly Lock _gate = new();
    private readonly Dictionary<ulong, FuseRequest> _waiting = new(256);
    private readonly ulong[] _early = new ulong[EarlyInterrupts];
    private int _nextEarly;
    private FuseRequest? _freeReads;
    private FuseRequest? _freeSeeks;
    private TaskCompletionSource? _drained;
    private long _interrupted;

    public FuseChannel Channel { get; } = channel;

    public long Interrupted => Interlocked.Read(ref _interrupted);

    public int Waiting
    {
        get
        {
            lock (_gate) return _waiting.Count;
        }
    }

    /// <returns>False when the request needs no work: it is being served already (sent again for a takeover), or was interrupted before we saw it.</returns>
    public bool TryBeginRead(ulong unique, ulong id, long offset, int length, [NotNullWhen(true)] out FuseRead? read)
    {
        Entry entry;
        lock (_gate)
        {
            read = (FuseRead?)_freeReads ?? new FuseRead(this);
            _freeReads = read.NextFree;
            entry = Enter(read, unique, id, offset);
            if (entry == Entry.Begun) read.Length = length;
        }

        return IsBegun(entry, unique);
    }

    /// <inheritdoc cref="TryBeginRead"/>
    public bool TryBeginSeek(ulong unique, ulong id, long offset, FuseSeek whence, [NotNullWhen(true)] out FuseSeekRequest? seek)
    {
        Entry entry;
        lock (_gate)
        {
            seek = (FuseSeekRequest?)_freeSeeks ?? new FuseSeekRequest(this);
            _freeSeeks = seek.NextFree;
            entry = Enter(seek, unique, id, offset);
            if (entry == Entry.Begun) seek.Whence = whence;
        }

        return IsBegun(entry, unique);
    }

    public bool TrySetHandler(FuseRequest request, IFuseInterruptible handler)
    {
        lock (_gate)
        {
            if (request.IsInterrupted) return false;
            request.Handler = handler;
            return true;
        }
    }

    public bool TryClaim(FuseRequest request)
    {
        lock (_gate)
        {
            // The number alone would not do: after an interrupt the kernel may have sent the same request again.
            return _waiting.TryGetValue(request.Unique, out FuseRequest? waiting) && waiting == request && TakeOut(request.Unique, out _);
        }
    }

    public void Release(FuseRequest request)
    {
        lock (_gate)
        {
            if (--request.Holders == 0) ReturnToPool(request);
        }
    }

    /// <summary>Answers EINTR at once, so that a killed process goes at once, and tells who made it wait.</summary>
    public void Interrupt(ulong unique)
    {
        FuseRequest? request;
        IFuseInterruptible? handler;
        lock (_gate)
        {
            if (!TakeOut(unique, out request))
            {
                _early[_nextEarly] = unique;
                _nextEarly = (_nextEarly + 1) % EarlyInterrupts;
                return;
            }

            handler = MarkInterrupted(request);
        }

        Interlocked.Increment(ref _interrupted);
        Channel.ReplyError(unique, FuseError.EINTR);
        Tell(request, handler);
    }

    /// <summary>Takes the right to answer a request whose handling threw, wherever the file system has left it.</summary>
    public bool TryAbandon(ulong unique)
    {
        FuseRequest? request;
        IFuseInterruptible? handler;
        lock (_gate)
        {
            if (!TakeOut(unique, out request)) return false;
            handler = MarkInterrupted(request);
        }

        Tell(request, handler);
        return true;
    }

    /// <summary>The session is over: nothing here is answered any more (another process may be about to), and everybody who waits is told to stop.</summary>
    public void AbandonAll()
    {
        while (true)
        {
            ulong unique;
            lock (_gate)
            {
                if (_waiting.Count == 0) return;
                unique = _waiting.Keys.First();
            }

            _ = TryAbandon(unique);
        }
    }

    /// <summary>Completes when nothing waits any more; call it once no more requests are read.</summary>
    public Task DrainAsync()
    {
        lock (_gate)
        {
            if (_waiting.Count == 0) return Task.CompletedTask;
            _drained ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            return _drained.Task;
        }
    }

    private Entry Enter(FuseRequest request, ulong unique, ulong id, long offset)
    {
        request.NextFree = null;
        request.Begin(unique, id, offset);
        int early = Array.IndexOf(_early, unique);
        if (early < 0 && _waiting.TryAdd(unique, request)) return Entry.Begun;
        ReturnToPool(request);
        if (early < 0) return Entry.Known;
        _early[early] = 0;
        return Entry.Interrupted;
    }

    private bool IsBegun(Entry entry, ulong unique)
    {
        if (entry == Entry.Interrupted)
        {
            Interlocked.Increment(ref _interrupted);
            Channel.ReplyError(unique, FuseError.EINTR);
        }

        return entry == Entry.Begun;
    }

    private bool TakeOut(ulong unique, [NotNullWhen(true)] out FuseRequest? request)
    {
        if (!_waiting.Remove(unique, out request)) return false;
        if (_waiting.Count == 0) _drained?.TrySetResult();
        return true;
    }

    private static IFuseInterruptible? MarkInterrupted(FuseRequest request)
    {
        request.MarkInterrupted();
        request.Holders++;
        return request.Handler;
    }

    private void Tell(FuseRequest request, IFuseInterruptible? handler)
    {
        try
        {
            handler?.OnInterrupt(request);
        }
        catch (Exception failure)
        {
            logger.InterruptHandlerThrew(request.Id, failure);
        }
        finally
        {
            Release(request);
        }
    }

    private void ReturnToPool(FuseRequest request)
    {
        request.Handler = null;
        if (request is FuseRead)
        {
            request.NextFree = _freeReads;
            _freeReads = request;
        }
        else
        {
            request.NextFree = _freeSeeks;
            _freeSeeks = request;
        }
    }
}
