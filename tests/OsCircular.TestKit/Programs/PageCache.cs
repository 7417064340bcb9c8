using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace OsCircular.TestKit.Programs;

public static class PageCache
{
    private const int DontNeed = 4; // POSIX_FADV_DONTNEED, linux/fadvise.h

    /// <summary>Has the kernel forget the clean pages of one file, so that the next read reaches the file system.</summary>
    public static void Forget(string path)
    {
        using SafeFileHandle file = File.OpenHandle(path);
        int error = posix_fadvise(file, 0, 0, DontNeed);
        if (error != 0) throw new IOException($"posix_fadvise of {path}: error {error}");
    }

    /// <summary>The same for a part of a file.</summary>
    public static void Forget(SafeFileHandle file, long offset, long length)
    {
        int error = posix_fadvise(file, offset, length, DontNeed);
        if (error != 0) throw new IOException($"posix_fadvise: error {error}");
    }

    [DllImport("libc")]
    private static extern int posix_fadvise(SafeFileHandle file, long offset, long length, int advice);
}
