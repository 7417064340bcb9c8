using System.Runtime.InteropServices;
using System.Text;
using OsCircular.Fuse.Native;

namespace OsCircular.Fuse;

/// <summary>Names of mount points.</summary>
public static unsafe class MountPath
{
    private const int MaxLinks = 40;
    private const int MaxLength = 4096;

    /// <summary>
    /// The absolute path without symbolic links, as the mount table has it. The last part is looked at with readlink(2) only, which a dead or hanging mount
    /// there answers at once, where stat(2) would ask it.
    /// </summary>
    public static string Canonical(string path)
    {
        string full = Path.TrimEndingDirectorySeparator(Path.GetFullPath(path));
        for (int links = 0; links < MaxLinks; links++)
        {
            string? parent = Path.GetDirectoryName(full);
            if (parent == null) return full;
            full = Path.Combine(RealPath(parent, path), Path.GetFileName(full));
            if (ReadLink(full) is not { } target) return full;
            full = Path.TrimEndingDirectorySeparator(Path.GetFullPath(target, Path.GetDirectoryName(full)!));
        }

        throw new FuseException($"{path}: too many symbolic links; name the directory itself");
    }

    private static string RealPath(string directory, string asked)
    {
        byte* buffer = stackalloc byte[MaxLength];
        if (Libc.RealPath(directory, buffer) != null) return Marshal.PtrToStringUTF8((nint)buffer)!;
        var error = (FuseError)Marshal.GetLastPInvokeError();
        throw new FuseException($"{asked}: {directory} cannot be reached ({error}); create the mount point first: mkdir -p {asked}");
    }

    private static string? ReadLink(string path)
    {
        byte* buffer = stackalloc byte[MaxLength];
        nint length = Libc.ReadLink(path, buffer, MaxLength);
        return length < 0 ? null : Encoding.UTF8.GetString(buffer, (int)length);
    }
}
