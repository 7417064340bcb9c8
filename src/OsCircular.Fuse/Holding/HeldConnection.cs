using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;
using OsCircular.Fuse.Native;

namespace OsCircular.Fuse.Holding;

/// <summary>The connection that a holder keeps: an open /dev/fuse that it never reads.</summary>
internal sealed class HeldConnection(SafeFileHandle device, HolderMount mount) : IDisposable
{
    public HolderMount Mount => mount;

    public SafeFileHandle Device => device;

    /// <summary>
    /// Has the kernel put what the ended agent had read and not answered back into its queue. Who waits there can be killed, and the next agent
    /// answers it. Harmless where nothing was left.
    /// </summary>
    /// <returns>False where this kernel cannot: those requests would wait for ever.</returns>
    public bool TryAskAgain() => FuseResend.Ask(device) != FuseError.EINVAL;

    /// <summary>Ends the connection: whoever waits on it gets an error now. Takes the dead mount out of the tree.</summary>
    public void Abort()
    {
        try
        {
            // Forced first: it ends the connection also where another process still has the descriptor.
            if (IsOnTop()) _ = Libc.Unmount(mount.MountPoint, Libc.ForceUnmount | Libc.DoNotFollow);
            device.Dispose();
            if (IsOnTop()) Unmounting.Detach(mount.MountPoint);
        }
        catch (Exception failure) when (failure is FuseException or IOException or ExternalException)
        {
            // A dead mount is left in the tree; the next agent there removes it.
        }
        finally
        {
            device.Dispose();
        }
    }

    public void Dispose() => device.Dispose();

    private bool IsOnTop() => MountTable.At(mount.MountPoint) is [.., var top] && top.Device == mount.MountDevice;
}
