using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Win32.SafeHandles;
using OsCircular.Fuse.Native;
using OsCircular.Fuse.Protocol;

namespace OsCircular.Fuse;

/// <summary>What can be done with a connection by one who does not serve it.</summary>
public static unsafe class FuseResend
{
    /// <summary>
    /// Asks the kernel to send again what was read from the connection and not answered (Linux 6.9). May be written at any time, also before INIT is answered,
    /// and more than once; what comes a second time has bit 63 in its number.
    /// </summary>
    /// <returns>EINVAL: this kernel cannot.</returns>
    public static FuseError Ask(SafeFileHandle device) => new FuseChannel(device, NullLogger.Instance).Notify(FuseNotification.Resend, []);

    /// <summary>Whether the connection still has a mount or an open file at its other end.</summary>
    public static bool IsAlive(SafeFileHandle device)
    {
        var entry = new PollEntry { Descriptor = (int)device.DangerousGetHandle() };
        int found = Libc.Poll(&entry, 1, 0);
        GC.KeepAlive(device);
        return found == 0;
    }
}
