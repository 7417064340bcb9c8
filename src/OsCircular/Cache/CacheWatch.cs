using Microsoft.Extensions.Logging;

namespace OsCircular.Cache;

/// <summary>
/// Looks after the folder and the disk it lies on: notices that the folder has gone, takes it up again where it comes back, and tries for all who do not write
/// meanwhile whether a disk that failed takes writes again. Used by one task, the cache's upkeep.
/// </summary>
internal sealed class CacheWatch(CacheDirectory directory, BlockFiles files, CacheHealth health, TimeSpan retryInterval, TimeProvider time, ILogger logger)
{
    // A block of most file systems: less may find room where nothing else does.
    private const int ProbeSize = 4096;

    private string? _problem;
    private long _probed;

    /// <summary>Whether the folder was not there when last looked for.</summary>
    public bool IsGone { get; private set; }

    /// <summary>Looks at the disk.</summary>
    /// <returns>Whether the folder has come back: what it holds is then to be learnt anew, and until then nothing is to be kept.</returns>
    public bool Look()
    {
        if (IsGone) return TryReturn();
        if (!directory.IsThere()) Leave();
        else if (health.WritesFail && time.GetElapsedTime(_probed) >= retryInterval) Probe();
        return false;
    }

    /// <summary>Writes a little to the disk, to its plates, and tells the health how that went.</summary>
    public void Probe()
    {
        _probed = time.GetTimestamp();
        string path = Path.Combine(directory.TemporaryPath, "probe");
        try
        {
            DurableFile.Write(path, path + ".new", new byte[ProbeSize]);
            File.Delete(path);
            health.Written();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            health.DiskFailed(e.InnerException ?? e);
        }
    }

    private void Leave()
    {
        IsGone = true;
        health.Gone();
        files.LetGo();
        directory.LetGo();
    }

    private bool TryReturn()
    {
        if (!directory.TryReturn(out string? problem))
        {
            if (problem is not null && problem != _problem) CacheLog.FolderNotTaken(logger, problem);
            _problem = problem;
            return false;
        }

        try
        {
            files.OpenAgain();
        }
        catch (IOException e)
        {
            directory.LetGo();
            CacheLog.FolderNotTaken(logger, e.Message);
            return false;
        }

        IsGone = false;
        _problem = null;
        return true;
    }
}
