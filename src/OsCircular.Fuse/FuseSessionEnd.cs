namespace OsCircular.Fuse;

public enum FuseSessionEndReason
{
    /// <summary>The file system was unmounted, or the connection aborted: the descriptor is of no more use.</summary>
    Unmounted,

    /// <summary>Told to stop; the connection lives on as long as somebody keeps its descriptor.</summary>
    Stopped,

    Failed,
}

/// <summary>Why a session ended.</summary>
public sealed record FuseSessionEnd(FuseSessionEndReason Reason, Exception? Failure = null);
