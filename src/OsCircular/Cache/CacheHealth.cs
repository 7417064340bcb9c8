using Microsoft.Extensions.Logging;

namespace OsCircular.Cache;

/// <summary>
/// Remembers that the cache disk failed, so that the agent goes on without it. What failed is over only when the same has worked again: a write that
/// the kernel took into its memory says nothing of reading. Whether writing works again is tried by <see cref="CacheWatch"/>, so that no reader waits for it. Thread-safe.
/// </summary>
internal sealed class CacheHealth(TimeProvider time, TimeSpan retryInterval, string cache, ILogger logger)
{
    /// <summary>So many reads in a row fail before it is the disk and not a bad spot on it.</summary>
    public const int ReadFailuresToPass = 3;

    private readonly Lock _gate = new();
    private CacheState _writes = CacheState.Ok;
    private bool _writesFail;
    private long _readFailedAt;
    private bool _readsHang;
    private bool _writesHang;
    private bool _isGone;

    // Looked at without the lock by those for whom all is well.
    private volatile int _readFailures;
    private volatile CacheState _state = CacheState.Ok;

    public CacheState State => _state;

    /// <summary>Since when it is in this state.</summary>
    public DateTimeOffset Since { get; private set; } = time.GetUtcNow();

    /// <summary>Whether writing failed and has not worked since; not so where there merely was no room to give out.</summary>
    public bool WritesFail
    {
        get
        {
            lock (_gate) return _writesFail;
        }
    }

    /// <summary>Whether to try a write now.</summary>
    public bool MayWrite()
    {
        if (_state == CacheState.Ok) return true;
        lock (_gate) return !_readsHang && !_writesHang && !_isGone && !_writesFail;
    }

    /// <summary>Whether to look for a block on the disk. After several reads failed one caller in each interval is told yes; none while reading hangs or the disk is gone.</summary>
    public bool MayRead()
    {
        if (_state == CacheState.Ok) return true;
        lock (_gate)
        {
            if (_readsHang || _isGone) return false;
            if (_readFailures < ReadFailuresToPass) return true;
            if (time.GetElapsedTime(_readFailedAt) < retryInterval) return false;
            _readFailedAt = time.GetTimestamp();
            return true;
        }
    }

    /// <summary>A system call that writes failed.</summary>
    public void DiskFailed(int errno)
    {
        lock (_gate)
        {
            _writesFail = true;
            _writes = errno switch
            {
                LinuxFile.ENOSPC or LinuxFile.EDQUOT => CacheState.Full,
                LinuxFile.EROFS => CacheState.ReadOnly,
                _ => CacheState.Failing,
            };
            Tell(errno);
        }
    }

    // On Linux .NET puts the errno where Windows has its HRESULT.
    public void DiskFailed(Exception failure) => DiskFailed(failure is IOException ? failure.HResult : LinuxFile.EACCES);

    /// <summary>Nothing failed, but there is no room. Asked again each time: looking costs nothing.</summary>
    public void NoRoom()
    {
        lock (_gate)
        {
            if (_writes != CacheState.Ok) return;
            _writes = CacheState.Full;
            Tell(0);
        }
    }

    /// <summary>A block or document was written.</summary>
    public void Written()
    {
        if (_state == CacheState.Ok) return;
        lock (_gate)
        {
            _writesFail = false;
            _writes = CacheState.Ok;
            Tell(0);
        }
    }

    /// <summary>A file is there, or may be, and the disk does not yield it.</summary>
    public void ReadFailed()
    {
        lock (_gate)
        {
            if (_readFailures < ReadFailuresToPass) _readFailures++;
            _readFailedAt = time.GetTimestamp();
            Tell(LinuxFile.EIO);
        }
    }

    /// <summary>A file was read.</summary>
    public void ReadWorked()
    {
        if (_readFailures == 0) return;
        lock (_gate)
        {
            _readFailures = 0;
            Tell(0);
        }
    }

    /// <summary>Whether it is known to hold calls that read it.</summary>
    public bool ReadsHang
    {
        get
        {
            if (_state == CacheState.Ok) return false;
            lock (_gate) return _readsHang;
        }
    }

    /// <summary>Whether some call on the disk does not come back. Where only writing hangs, what is held is read all the same.</summary>
    public void Hangs(bool reads, bool writes)
    {
        lock (_gate)
        {
            if (_readsHang == reads && _writesHang == writes) return;
            _readsHang = reads;
            _writesHang = writes;
            Tell(0);
        }
    }

    /// <summary>The cache's folder is not there any more.</summary>
    public void Gone()
    {
        lock (_gate)
        {
            _isGone = true;
            Tell(0);
        }
    }

    /// <summary>It is there again: what is known of the disk before does not count.</summary>
    public void Back()
    {
        lock (_gate)
        {
            _isGone = false;
            _writesFail = false;
            _writes = CacheState.Ok;
            _readFailures = 0;
            Tell(0);
        }
    }

    private void Tell(int errno)
    {
        CacheState state = _isGone ? CacheState.Gone
            : _readsHang || _writesHang ? CacheState.Hanging
            : _readFailures >= ReadFailuresToPass ? CacheState.Failing
            : _writes;
        if (_state == state) return;
        _state = state;
        Since = time.GetUtcNow();
        if (state == CacheState.Ok) CacheLog.DiskWorksAgain(logger, cache);
        else CacheLog.DiskFailed(logger, cache, state, errno);
    }
}
