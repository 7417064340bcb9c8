using OsCircular.Disks;
using OsCircular.Fuse;
using OsCircular.Sources;

namespace OsCircular.Mount;

/// <summary>A kernel's read while a disk answers it. Pooled, so that reading allocates nothing.</summary>
internal sealed class PendingRead : IDiskReadCompletion, IFuseInterruptible
{
    private readonly PendingReadPool _pool;
    private readonly DiskRead _read;

    // Guards _request: an interrupt may come while another thread finishes the read and starts the next with this same object.
    private readonly Lock _gate = new();
    private FuseRead? _request;

    public PendingRead(PendingReadPool pool)
    {
        _pool = pool;
        _read = new DiskRead(this);
    }

    /// <summary>The next unused one. Guarded by the pool's lock.</summary>
    public PendingRead? NextFree { get; set; }

    public void Start(Disk disk, FuseRead request)
    {
        lock (_gate) _request = request;
        _read.Prepare(request.Offset, request.Length, request.InlineAllowed);
        // Named before the read starts: once it has started, the request may be answered and used again at any moment.
        if (request.TrySetInterruptHandler(this))
        {
            disk.Read(_read);
            return;
        }

        lock (_gate) _request = null;
        request.ReplyError(FuseError.EINTR);
        _pool.Return(this);
    }

    public void OnCompleted(DiskRead read)
    {
        FuseRead request;
        lock (_gate)
        {
            request = _request!;
            _request = null;
        }

        if (read.Error == SourceError.None) request.Reply(read.Segments);
        else request.ReplyError(ErrorNumbers.Of(read.Error));
        read.Release();
        _pool.Return(this);
    }

    public void OnInterrupt(FuseRequest request)
    {
        lock (_gate)
        {
            if (ReferenceEquals(_request, request)) _read.Cancel();
        }
    }
}

/// <summary>Pending reads for use again; grows to the most that were ever under way at once.</summary>
internal sealed class PendingReadPool
{
    private readonly Lock _lock = new();
    private PendingRead? _free;

    public PendingRead Rent()
    {
        lock (_lock)
        {
            if (_free is not { } pending) return new PendingRead(this);
            _free = pending.NextFree;
            return pending;
        }
    }

    public void Return(PendingRead pending)
    {
        lock (_lock)
        {
            pending.NextFree = _free;
            _free = pending;
        }
    }
}
