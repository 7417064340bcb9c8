using System.Runtime.InteropServices;
using Microsoft.Extensions.Logging;
using OsCircular.Fuse.Native;

namespace OsCircular.Fuse;

/// <summary>What stands on a mount point before we mount.</summary>
public enum MountPointState
{
    Free,

    /// <summary>A mount of ours whose agent is gone: every use of it says ENOTCONN.</summary>
    Dead,

    /// <summary>A mount of ours with an agent that answers.</summary>
    Live,

    /// <summary>A mount of ours that gives no answer in time: its agent is stopped, overloaded, or about to be taken over.</summary>
    Silent,

    /// <summary>A mount of another kind.</summary>
    Foreign,
}

/// <summary>Recognises and removes what a killed agent left mounted. A new mount would only stack upon it.</summary>
public static class StaleMount
{
    private const int MaxStacked = 64;

    // A live agent answers statfs from memory; two seconds allow for a machine that swaps.
    private static readonly TimeSpan AnswerTime = TimeSpan.FromSeconds(2);

    /// <param name="mountPoint">As <see cref="MountPath.Canonical"/> gives it.</param>
    public static MountPointState Recognise(string mountPoint, string subtype = "oscircular")
    {
        IReadOnlyList<MountTableEntry> mounts = MountTable.At(mountPoint);
        if (mounts.Count == 0) return MountPointState.Free;
        return mounts[^1].FileSystemType == "fuse." + subtype ? Ask(mountPoint) : MountPointState.Foreign;
    }

    /// <summary>Detaches dead mounts of ours until none is left.</summary>
    /// <exception cref="FuseException">Something else is mounted there; nothing more was changed.</exception>
    public static void Clean(string mountPoint, ILogger logger, string subtype = "oscircular")
    {
        for (int i = 0; i < MaxStacked; i++)
        {
            switch (Recognise(mountPoint, subtype))
            {
                case MountPointState.Free:
                    return;
                case MountPointState.Dead:
                    Unmounting.Detach(mountPoint);
                    logger.StaleMountCleaned(mountPoint);
                    break;
                case MountPointState.Live:
                    throw new FuseException($"{mountPoint}: an agent already serves it; unmount it first (umount {mountPoint}) or choose another directory");
                case MountPointState.Silent:
                    throw new FuseException($"{mountPoint}: its agent does not answer, or is gone and another cache's may take over; end that agent, or detach its mount (umount -l {mountPoint})");
                default:
                    throw new FuseException($"{mountPoint}: another file system is mounted there; unmount it or choose another directory");
            }
        }

        throw new FuseException($"{mountPoint}: more than {MaxStacked} dead mounts lie there; detach them (umount -l {mountPoint})");
    }

    /// <summary>
    /// statfs always asks the daemon, where stat may be answered by the kernel's cache even of a dead mount. It runs on a thread of its own, for one that
    /// nobody answers waits for ever; it ends with the mount or with this process.
    /// </summary>
    private static unsafe MountPointState Ask(string mountPoint)
    {
        var answer = FuseError.Ok;
        var thread = new Thread(() =>
        {
            byte* buffer = stackalloc byte[256];
            if (Libc.FileSystemStatistics(mountPoint, buffer) != 0) answer = (FuseError)Marshal.GetLastPInvokeError();
        })
        { IsBackground = true, Name = "fuse-probe" };
        thread.Start();
        if (!thread.Join(AnswerTime)) return MountPointState.Silent;
        return answer is FuseError.ENOTCONN or FuseError.ECONNABORTED ? MountPointState.Dead : MountPointState.Live;
    }
}
