namespace OsCircular.Fuse;

/// <summary>
/// A request that may be answered later, from any thread. The file system owns it from the call that brought it until its one Reply call; it is then used
/// again for another request, so no reference to it may be kept.
/// </summary>
public abstract class FuseRequest
{
    private readonly FuseRequestTable _table;
    private int _replied;
    private bool _interrupted;

    private protected FuseRequest(FuseRequestTable table) => _table = table;

    /// <summary>The node id of the file.</summary>
    public ulong Id { get; private set; }

    /// <summary>Bytes from the start of the file.</summary>
    public long Offset { get; private set; }

    /// <summary>Whether this thread may wait for a local disk. At least one reader thread is always without this right, so that metadata is answered
    /// even while a disk hangs.</summary>
    public bool InlineAllowed { get; internal set; }

    /// <summary>The asking process was signalled, or the session is over: the kernel has its answer, nobody waits for another.</summary>
    public bool IsInterrupted => Volatile.Read(ref _interrupted);

    internal ulong Unique { get; private set; }

    /// <summary>The file system while it has not replied, and whoever runs the interrupt handler. Guarded by the table's lock.</summary>
    internal int Holders { get; set; }

    /// <summary>Guarded by the table's lock.</summary>
    internal IFuseInterruptible? Handler { get; set; }

    /// <summary>The next unused request. Guarded by the table's lock.</summary>
    internal FuseRequest? NextFree { get; set; }

    private protected FuseChannel Channel => _table.Channel;

    /// <summary>Names who is to be told of an interrupt while the request waits.</summary>
    /// <returns>False when it was interrupted already: nobody will be told; reply, and be done with it.</returns>
    public bool TrySetInterruptHandler(IFuseInterruptible handler) => _table.TrySetHandler(this, handler);

    /// <summary>Answers with an error; after an interrupt only gives the request back.</summary>
    /// <param name="error">Not <see cref="FuseError.Ok"/>.</param>
    public void ReplyError(FuseError error)
    {
        ArgumentOutOfRangeException.ThrowIfEqual((int)error, (int)FuseError.Ok, nameof(error));
        if (BeginReply()) Channel.ReplyError(Unique, error);
        EndReply();
    }

    internal void Begin(ulong unique, ulong id, long offset)
    {
        Unique = unique;
        Id = id;
        Offset = offset;
        Handler = null;
        Holders = 1;
        _interrupted = false;
        Volatile.Write(ref _replied, 0);
    }

    internal void MarkInterrupted() => Volatile.Write(ref _interrupted, true);

    /// <summary>Exactly one of reply and interrupt gets the right to answer.</summary>
    private protected bool BeginReply()
    {
        if (Interlocked.Exchange(ref _replied, 1) != 0) throw new InvalidOperationException("a FUSE request was replied to twice");
        return _table.TryClaim(this);
    }

    private protected void EndReply() => _table.Release(this);
}
