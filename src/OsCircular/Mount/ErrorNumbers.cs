using OsCircular.Fuse;
using OsCircular.Sources;

namespace OsCircular.Mount;

/// <summary>The one place where a source's error becomes an errno.</summary>
public static class ErrorNumbers
{
    public static FuseError Of(SourceError error) => error switch
    {
        SourceError.None => FuseError.Ok,
        SourceError.Cancelled => FuseError.EINTR,
        // A disk knows one way to fail. ENOSPC or ETIMEDOUT on a read would tell a file system driver something that is not so.
        SourceError.Missing => FuseError.EIO,
        SourceError.Invalid => FuseError.EIO,
        SourceError.Unreachable => FuseError.EIO,
        SourceError.Refused => FuseError.EIO,
        SourceError.TimedOut => FuseError.EIO,
        SourceError.NoSpace => FuseError.EIO,
        _ => throw new InvalidOperationException($"No errno is set for {error}."),
    };
}
