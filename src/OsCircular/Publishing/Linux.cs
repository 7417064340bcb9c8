using System.Runtime.InteropServices;
using System.Text;
using Microsoft.Win32.SafeHandles;

namespace OsCircular.Publishing;

/// <summary>The calls that .NET does not offer. Numbers from linux/fcntl.h, fs.h and sys/file.h; the same on x64 and arm64.</summary>
internal static class Linux
{
    private const int ReadOnlyCloseOnExec = 0x80000; // O_RDONLY | O_CLOEXEC
    private const int SeekSet = 0;
    private const int SeekEnd = 2;
    private const int SeekData = 3;
    private const int SeekHole = 4;
    private const int AdviseWillNeed = 3;
    private const int LockExclusiveNonBlocking = 2 | 4;
    private const int StartWriting = 2; // SYNC_FILE_RANGE_WRITE
    private const int NoMoreData = 6; // ENXIO

    /// <summary>A descriptor of a folder, which .NET cannot open.</summary>
    public static SafeFileHandle OpenFolder(string path)
    {
        var handle = new SafeFileHandle(Open(path, ReadOnlyCloseOnExec), ownsHandle: true);
        return handle.IsInvalid ? throw Failure("open", path) : handle;
    }

    /// <summary>Takes the exclusive lock that lasts as long as the descriptor; false where another holds it.</summary>
    public static bool TryLock(SafeFileHandle handle) => Flock(handle, LockExclusiveNonBlocking) == 0;

    /// <summary>Waits until a file or folder is on the disk.</summary>
    public static void Sync(SafeFileHandle handle, string path)
    {
        if (Fsync(handle) != 0) throw Failure("fsync", path);
    }

    /// <summary>Waits until everything written to this file system is on the disk.</summary>
    public static void SyncFileSystem(SafeFileHandle handle, string path)
    {
        if (Syncfs(handle) != 0) throw Failure("syncfs", path);
    }

    /// <summary>Size in bytes, of a block device too, whose stat says 0; negative where it has none: a pipe, a terminal.</summary>
    public static long SizeOf(SafeFileHandle handle) => Lseek(handle, 0, SeekEnd);

    /// <summary>A short extended attribute of a file; null where there is no such file or attribute.</summary>
    public static string? AttributeOf(string path, string name)
    {
        byte[] value = new byte[256];
        nint length = GetXAttr(path, name, value, value.Length);
        return length < 0 ? null : Encoding.UTF8.GetString(value, 0, (int)length);
    }

    /// <summary>The next bytes that are no hole, at or after an offset; all the rest where the file system cannot tell.</summary>
    /// <param name="handle">Its file position is changed.</param>
    /// <param name="from">Bytes.</param>
    /// <param name="size">The file's size.</param>
    /// <returns>An empty range at <paramref name="size"/> where only a hole follows.</returns>
    public static (long Start, long End) NextData(SafeFileHandle handle, long from, long size)
    {
        long start = Lseek(handle, from, SeekData);
        if (start < 0) return Marshal.GetLastPInvokeError() == NoMoreData ? (size, size) : (from, size);
        long end = Lseek(handle, start, SeekHole);
        Lseek(handle, 0, SeekSet);
        return (start, end < 0 ? size : end);
    }

    /// <summary>Has the kernel start reading; a hint, so its failure is none.</summary>
    public static void ReadAhead(SafeFileHandle handle, long offset, long length) => _ = PosixFadvise(handle, offset, length, AdviseWillNeed);

    /// <summary>Has the kernel start writing a file back without waiting; a hint, so its failure is none.</summary>
    public static void StartWriteBack(SafeFileHandle handle) => _ = SyncFileRange(handle, 0, 0, StartWriting);

    private static IOException Failure(string call, string path) =>
        new($"{call} {path}: {Marshal.GetPInvokeErrorMessage(Marshal.GetLastPInvokeError())}");

    [DllImport("libc", EntryPoint = "open", SetLastError = true)]
    private static extern int Open([MarshalAs(UnmanagedType.LPUTF8Str)] string path, int flags);

    [DllImport("libc", EntryPoint = "flock", SetLastError = true)]
    private static extern int Flock(SafeFileHandle handle, int operation);

    [DllImport("libc", EntryPoint = "fsync", SetLastError = true)]
    private static extern int Fsync(SafeFileHandle handle);

    [DllImport("libc", EntryPoint = "syncfs", SetLastError = true)]
    private static extern int Syncfs(SafeFileHandle handle);

    [DllImport("libc", EntryPoint = "lseek", SetLastError = true)]
    private static extern long Lseek(SafeFileHandle handle, long offset, int whence);

    [DllImport("libc", EntryPoint = "getxattr")]
    private static extern nint GetXAttr([MarshalAs(UnmanagedType.LPUTF8Str)] string path, [MarshalAs(UnmanagedType.LPUTF8Str)] string name, byte[] value, nint size);

    [DllImport("libc", EntryPoint = "posix_fadvise")]
    private static extern int PosixFadvise(SafeFileHandle handle, long offset, long length, int advice);

    [DllImport("libc", EntryPoint = "sync_file_range")]
    private static extern int SyncFileRange(SafeFileHandle handle, long offset, long length, uint flags);
}
