using Microsoft.Extensions.Logging;
using Microsoft.Win32.SafeHandles;
using OsCircular.Fuse.Native;

namespace OsCircular.Fuse;

/// <summary>
/// Serves one FUSE connection: reader threads take requests off the descriptor, the file system answers. How the descriptor was come by
/// (<see cref="FuseMount"/>, a holder process, a socket pair in a test) is none of its business, and it never closes it.
/// </summary>
public sealed class FuseSession : IAsyncDisposable
{
    private static readonly TimeSpan WakeInterval = TimeSpan.FromMilliseconds(5);
    private static readonly TimeSpan DisposeBound = TimeSpan.FromSeconds(5);

    private readonly FuseChannel _channel;
    private readonly FuseRequestTable _table;
    private readonly FuseReader[] _readers;
    private readonly ILogger _logger;
    private readonly TimeProvider _time;
    private readonly FuseSessionOptions _options;
    private readonly TaskCompletionSource<FuseConnectionState> _connected = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource<FuseSessionEnd> _completion = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private FuseSessionEnd? _end;
    private int _readersLeft;
    private int _inlineLeft;
    private bool _started;

    /// <param name="device">/dev/fuse, mounted; or anything that keeps message boundaries. Stays the caller's, and open until the session has ended.</param>
    public FuseSession(SafeFileHandle device, IFuseFileSystem fileSystem, FuseSessionOptions options, ILogger<FuseSession> logger, TimeProvider time)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(options.Threads, 2);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(options.Threads, 64);
        _options = options;
        _logger = logger;
        _time = time;
        _channel = new FuseChannel(device, logger);
        _table = new FuseRequestTable(_channel, logger);
        _inlineLeft = options.Threads - 1;
        _readersLeft = options.Threads;
        _readers = new FuseReader[options.Threads];
        for (int i = 0; i < _readers.Length; i++) _readers[i] = new FuseReader(this, fileSystem, _channel, _table, logger, i);
        if (options.Negotiated is { } state) _connected.SetResult(state);
    }

    /// <summary>Completes when INIT has been answered; at once where it was negotiated before.</summary>
    public Task<FuseConnectionState> Connected => _connected.Task;

    /// <summary>Completes when no reader thread runs any more; never faults.</summary>
    public Task<FuseSessionEnd> Completion => _completion.Task;

    public FuseCounters Counters
    {
        get
        {
            var byOpcode = new long[FuseReader.CountedOpcodes];
            long malformed = 0;
            foreach (FuseReader reader in _readers) malformed += reader.AddCountsTo(byOpcode);
            return new FuseCounters(byOpcode)
            {
                ErrorReplies = _channel.ErrorReplies,
                LateReplies = _channel.LateReplies,
                Interrupted = _table.Interrupted,
                Malformed = malformed,
                Waiting = _table.Waiting,
            };
        }
    }

    internal bool RefusesResent => _options.RefuseResent;

    internal bool IsEnding => Volatile.Read(ref _end) != null;

    public void Start()
    {
        if (_started) throw new InvalidOperationException("a FUSE session starts once");
        _started = true;
        WakeSignal.Prepare();
        foreach (FuseReader reader in _readers) reader.Start();
    }

    /// <summary>
    /// Stops reading, lets the file system answer what it has, and ends. What is not answered within <paramref name="bound"/> stays unanswered: the kernel
    /// gives it to the next session on this descriptor when asked to send again, or fails it when the descriptor is closed.
    /// </summary>
    public async Task StopAsync(TimeSpan bound)
    {
        if (!_started) return;
        _ = End(new FuseSessionEnd(FuseSessionEndReason.Stopped));
        long start = _time.GetTimestamp();
        while (!_completion.Task.IsCompleted && _time.GetElapsedTime(start) < bound)
        {
            foreach (FuseReader reader in _readers) reader.Wake();
            await Task.WhenAny(_completion.Task, Task.Delay(WakeInterval, _time)).ConfigureAwait(false);
        }

        TimeSpan left = bound - _time.GetElapsedTime(start);
        if (left > TimeSpan.Zero) await Task.WhenAny(_table.DrainAsync(), Task.Delay(left, _time)).ConfigureAwait(false);
        if (_table.Waiting is > 0 and int waiting) _logger.StoppedUnanswered(waiting);
        _table.AbandonAll();
    }

    public async ValueTask DisposeAsync() => await StopAsync(DisposeBound).ConfigureAwait(false);

    /// <summary>
    /// Makes the kernel forget a name, so that the next use of it asks again. May wait for the directory's lock, which a process in a lookup there holds until
    /// it is answered: never call it while handling a request, nor from a thread that answers depend on.
    /// </summary>
    public void InvalidateEntry(ulong parent, ReadOnlySpan<byte> name) =>
        FuseNotifications.InvalidateEntry(_channel, parent, name);

    /// <summary>
    /// Makes the kernel forget a file's attributes and pages. Waits for reads of those pages: never call it while handling a request, nor from a thread that
    /// answers depend on.
    /// </summary>
    public void InvalidateInode(ulong id) => FuseNotifications.InvalidateInode(_channel, id);

    /// <returns>Whether this is the reason that stands: the first one.</returns>
    internal bool End(FuseSessionEnd end) => Interlocked.CompareExchange(ref _end, end, null) == null;

    /// <summary>A reader thread that ends the session sees the others out, for nobody else need be watching.</summary>
    internal void SeeOthersOut(FuseReader last)
    {
        foreach (FuseReader reader in _readers)
        {
            while (reader != last && !reader.HasLeft(WakeInterval)) reader.Wake();
        }
    }

    internal void ReaderLeft()
    {
        if (Interlocked.Decrement(ref _readersLeft) != 0) return;
        FuseSessionEnd end = _end!;
        if (end.Failure == null) _logger.Ended(end.Reason);
        else _logger.Failed(end.Failure);

        // After a stop the answers under way are still good; in the other cases nobody can be answered any more.
        if (end.Reason != FuseSessionEndReason.Stopped) _table.AbandonAll();
        _connected.TrySetCanceled();
        _completion.TrySetResult(end);
    }

    internal bool TryTakeInline()
    {
        if (Interlocked.Decrement(ref _inlineLeft) >= 0) return true;
        Interlocked.Increment(ref _inlineLeft);
        return false;
    }

    internal void GiveBackInline() => Interlocked.Increment(ref _inlineLeft);

    /// <summary>Called before INIT is answered.</summary>
    internal void Negotiated(FuseConnectionState state) => _options.Negotiating?.Invoke(state);

    internal void Opened(FuseConnectionState state)
    {
        _logger.Connected(state.Minor, state.MaxReadBytes, state.CanResend);
        _connected.TrySetResult(state);
    }
}
