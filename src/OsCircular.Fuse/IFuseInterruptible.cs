namespace OsCircular.Fuse;

/// <summary>Whoever makes a request wait, so that it can stop waiting when the asking process was signalled.</summary>
public interface IFuseInterruptible
{
    /// <summary>
    /// The kernel has its answer (EINTR) already, or the session is over: what remains is to stop the work that only this request needed and to give
    /// the request back with <see cref="FuseRequest.ReplyError"/>, from here or later. The file system may have replied just before: such a call is
    /// to be borne. Called on a reader thread, at most once a request: must not block.
    /// </summary>
    void OnInterrupt(FuseRequest request);
}
