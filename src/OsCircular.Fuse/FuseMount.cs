using System.Runtime.InteropServices;
using Microsoft.Extensions.Logging;
using Microsoft.Win32.SafeHandles;
using OsCircular.Fuse.Native;
using OsCircular.Fuse.Protocol;

namespace OsCircular.Fuse;

/// <summary>A mounted file system and the open /dev/fuse behind it; who serves it (<see cref="FuseSession"/>) is another matter.</summary>
public sealed class FuseMount : IDisposable
{
    private FuseMount(string mountPoint, SafeFileHandle device, string number)
    {
        MountPoint = mountPoint;
        Device = device;
        Number = number;
    }

    /// <summary>Absolute, without symbolic links.</summary>
    public string MountPoint { get; }

    /// <summary>Owned by this object: disposing it ends the connection, unless another process holds it too.</summary>
    public SafeFileHandle Device { get; }

    /// <summary>MAJOR:MINOR, as st_dev of the files there.</summary>
    public string Number { get; }

    /// <summary>A mount that another process made.</summary>
    /// <param name="mountPoint">As the mount table has it.</param>
    /// <param name="number">Its <see cref="Number"/>.</param>
    /// <param name="device">Its open /dev/fuse; owned from now on.</param>
    public static FuseMount Resume(string mountPoint, string number, SafeFileHandle device) => new(mountPoint, device, number);

    /// <summary>
    /// Removes dead mounts of ours, checks the mount point and mounts read-only: directly as root, through fusermount3 otherwise. Every use of the mount point
    /// waits until a session serves it.
    /// </summary>
    /// <exception cref="FuseException">With a line for the user.</exception>
    public static FuseMount Mount(FuseMountOptions options, ILogger<FuseMount> logger)
    {
        string mountPoint = MountPath.Canonical(options.MountPoint);
        StaleMount.Clean(mountPoint, logger, options.Subtype);
        RequireEmptyDirectory(mountPoint);
        SafeFileHandle device = Libc.EffectiveUserId() == 0 ? MountDirectly(mountPoint, options) : MountAsUser(mountPoint, options);
        var mount = new FuseMount(mountPoint, device, MountTable.At(mountPoint) is [.., var top] ? top.Device : "");
        if (options.ReadAheadKiB is { } kiB) mount.SetReadAhead(kiB, logger);
        return mount;
    }

    /// <summary>Takes the mount away when nobody uses it.</summary>
    /// <returns>False when it was gone already.</returns>
    /// <exception cref="FuseException">A process still uses it, or it is not ours to unmount.</exception>
    public bool Unmount()
    {
        if (!IsMounted) return false;
        return Unmounting.TryUnmount(MountPoint) switch
        {
            FuseError.Ok => true,
            FuseError.EINVAL or FuseError.ENOENT => false,
            FuseError.EBUSY => throw new FuseException($"{MountPoint} is busy: end the process that uses it (fuser -vm {MountPoint} names it) and unmount again"),
            var error => throw new FuseException($"{MountPoint} cannot be unmounted ({error}); as root: umount {MountPoint}"),
        };
    }

    /// <summary>Takes the mount out of the tree although it is in use: files that are open stay served for as long as the session runs.</summary>
    public void Detach()
    {
        if (IsMounted) Unmounting.Detach(MountPoint);
    }

    /// <summary>Whether the mount point still shows this mount, and not none or another on top of it. Asks no file system.</summary>
    public bool IsMounted => MountTable.At(MountPoint) is [.., var top] && top.Device == Number;

    public void Dispose() => Device.Dispose();

    private static void RequireEmptyDirectory(string mountPoint)
    {
        if (File.Exists(mountPoint)) throw new FuseException($"{mountPoint}: a file, not a directory; choose an empty directory");
        try
        {
            if (Directory.EnumerateFileSystemEntries(mountPoint).Any())
                throw new FuseException($"{mountPoint}: the directory is not empty, and a mount would hide what is in it; choose an empty one");
        }
        catch (DirectoryNotFoundException cause)
        {
            throw new FuseException($"{mountPoint}: no such directory; create it first: mkdir -p {mountPoint}", cause);
        }
        catch (IOException cause)
        {
            throw new FuseException($"{mountPoint}: the directory cannot be read ({cause.Message}); choose another one", cause);
        }
        catch (UnauthorizedAccessException cause)
        {
            throw new FuseException($"{mountPoint}: no permission to look into it; choose a directory of your own", cause);
        }
    }

    private static SafeFileHandle MountDirectly(string mountPoint, FuseMountOptions options)
    {
        int descriptor = Libc.Open("/dev/fuse", Libc.OpenReadWrite | Libc.OpenCloseOnExec);
        if (descriptor < 0) throw new FuseException(ExplainOpen((FuseError)Marshal.GetLastPInvokeError()));
        var device = new SafeFileHandle(descriptor, ownsHandle: true);
        string data = $"fd={descriptor},rootmode=40000,user_id=0,group_id=0,default_permissions,allow_other,max_read={FuseInit.MaxReadBytes}";
        const ulong Flags = Libc.MountReadOnly | Libc.MountNoSetUid | Libc.MountNoDevices;
        if (Libc.Mount(options.Source, mountPoint, "fuse." + options.Subtype, Flags, data) == 0) return device;

        var error = (FuseError)Marshal.GetLastPInvokeError();
        device.Dispose();
        throw new FuseException(error == FuseError.EPERM
            ? $"{mountPoint}: no permission to mount; run as root with CAP_SYS_ADMIN (in a container: --cap-add SYS_ADMIN --device /dev/fuse)"
            : $"{mountPoint}: mounting failed ({error}); is FUSE in this kernel? (modprobe fuse)");
    }

    private static string ExplainOpen(FuseError error) => error switch
    {
        FuseError.ENOENT or FuseError.ENXIO or FuseError.ENODEV =>
            "there is no /dev/fuse; load the module (modprobe fuse), or give the container the device (--device /dev/fuse)",
        FuseError.EACCES or FuseError.EPERM => "no permission to open /dev/fuse; give the container the device (--device /dev/fuse --cap-add SYS_ADMIN)",
        _ => $"/dev/fuse cannot be opened ({error}); try again as root",
    };

    private static SafeFileHandle MountAsUser(string mountPoint, FuseMountOptions options)
    {
        string allow = options.AllowOther ? ",allow_other" : "";
        string source = options.Source.Replace("\\", "\\\\").Replace(",", "\\,");
        return Fusermount.Mount(
            mountPoint,
            $"ro,nosuid,nodev,default_permissions{allow},max_read={FuseInit.MaxReadBytes},fsname={source},subtype={options.Subtype}");
    }

    /// <summary>The device number comes from the mount table: stat(2) would wait for a session that is not there yet.</summary>
    private void SetReadAhead(int kiB, ILogger logger)
    {
        try
        {
            File.WriteAllText($"/sys/class/bdi/{Number}/read_ahead_kb", kiB.ToString(System.Globalization.CultureInfo.InvariantCulture));
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            logger.ReadAheadNotSet(MountPoint, failure.Message);
        }
    }
}
