using System.Runtime.InteropServices;
using OsCircular.Fuse.Native;

namespace OsCircular.Fuse;

/// <summary>umount2(2) as root, fusermount3 as an ordinary user.</summary>
internal static class Unmounting
{
    /// <returns>Ok, EBUSY when a process still uses it, or another error.</returns>
    public static FuseError TryUnmount(string mountPoint) => Run(mountPoint, 0, "-u");

    /// <summary>Takes the mount away from the tree at once; processes that use it keep it until they end.</summary>
    public static void Detach(string mountPoint)
    {
        FuseError error = Run(mountPoint, Libc.DetachMount, "-u", "-z");
        if (error != FuseError.Ok) throw new FuseException($"{mountPoint}: the mount there cannot be detached ({error}); as root: umount -l {mountPoint}");
    }

    private static FuseError Run(string mountPoint, int flags, params string[] arguments)
    {
        if (Libc.Unmount(mountPoint, flags | Libc.DoNotFollow) == 0) return FuseError.Ok;
        var error = (FuseError)Marshal.GetLastPInvokeError();
        if (error != FuseError.EPERM || Libc.EffectiveUserId() == 0) return error;

        (int exitCode, string said) = Fusermount.Run([.. arguments, "--", mountPoint]);
        if (exitCode == 0) return FuseError.Ok;
        return said.Contains("busy", StringComparison.OrdinalIgnoreCase) ? FuseError.EBUSY : FuseError.EPERM;
    }
}
