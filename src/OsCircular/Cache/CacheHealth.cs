using Microsoft.Extensions.Logging;

namespace OsCircular.Cache;

/// <summary>Whether the cache disk takes what is written to it.</summary>
public enum CacheState
{
    Ok,

    /// <summary>No room, and nothing that may be evicted; or the file system has none.</summary>
    Full,
    ReadOnly,
    Failing,
}

/// <summary>
/// Remembers that the cache disk failed, so that the agent goes on without it and tries again from time to time. Thread-safe.
/// </summary>
internal sealed class CacheHealth(TimeProvider time, TimeSpan retryInterval, string cache, ILogger logger)
{
    private readonly Lock _gate = new();
    private long _failedAt;
    private bool _diskFailed;

    public CacheState State { get; private set; } = CacheState.Ok;

    /// <summary>Since when it is in this state.</summary>
    public DateTimeOffset Since { get; private set; } = time.GetUtcNow();

    /// <summary>Whether to try a write now. After a failure one caller in each interval is told yes.</summary>
    public bool MayWrite()
    {
        lock (_gate)
        {
            if (!_diskFailed) return true;
            if (time.GetElapsedTime(_failedAt) < retryInterval) return false;
            _failedAt = time.GetTimestamp();
            return true;
        }
    }

    /// <summary>A system call on the cache disk failed.</summary>
    public void DiskFailed(int errno)
    {
        CacheState state = errno switch
        {
            LinuxFile.ENOSPC or LinuxFile.EDQUOT => CacheState.Full,
            LinuxFile.EROFS => CacheState.ReadOnly,
            _ => CacheState.Failing,
        };
        lock (_gate)
        {
            _diskFailed = true;
            _failedAt = time.GetTimestamp();
            Become(state, errno);
        }
    }

    // On Linux .NET puts the errno where Windows has its HRESULT.
    public void DiskFailed(Exception failure) => DiskFailed(failure is IOException ? failure.HResult : LinuxFile.EACCES);

    /// <summary>Nothing failed, but there is no room. Asked again each time: looking costs nothing.</summary>
    public void NoRoom()
    {
        lock (_gate)
        {
            if (State == CacheState.Ok) Become(CacheState.Full, 0);
        }
    }

    /// <summary>A block or document was written.</summary>
    public void Written()
    {
        lock (_gate)
        {
            _diskFailed = false;
            Become(CacheState.Ok, 0);
        }
    }

    private void Become(CacheState state, int errno)
    {
        if (State == state) return;
        State = state;
        Since = time.GetUtcNow();
        if (state == CacheState.Ok) CacheLog.DiskWorksAgain(logger, cache);
        else CacheLog.DiskFailed(logger, cache, state, errno);
    }
}
