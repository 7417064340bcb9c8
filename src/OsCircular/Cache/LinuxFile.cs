using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text;
using Microsoft.Win32.SafeHandles;

namespace OsCircular.Cache;

/// <summary>
/// The system calls that .NET does not offer or offers only with allocations: paths relative to an open folder, folders as descriptors, flock, statx.
/// Paths are bytes ended by NUL. Results below zero mean failure; the errno is then in <see cref="LastError"/>. Flags have one value on x64 and arm64.
/// </summary>
internal static partial class LinuxFile
{
    public const int ENOENT = 2, EINTR = 4, EIO = 5, EBADF = 9, EACCES = 13, EEXIST = 17, ENOTDIR = 20, ENOSPC = 28, EROFS = 30, EWOULDBLOCK = 11, EDQUOT = 122;

    public const int ReadOnly = 0;
    public const int ReadWrite = 2;
    public const int Create = 0x40;
    public const int Truncate = 0x200;
    private const int WriteOnly = 1;
    private const int CloseOnExec = 0x80000;
    private const int LockExclusive = 2;
    private const int LockNoWait = 4;
    private const int LockNone = 8;
    private const int DontNeed = 4;

    // struct statx, linux/stat.h: the same on every architecture.
    private const int StatxSize = 256;
    private const int AtFdCwd = -100;
    private const int AtSymlinkNoFollow = 0x100;
    private const uint StatxBasic = 0x7ff;

    public static int LastError => Marshal.GetLastPInvokeError();

    public static string LastErrorText => Marshal.GetPInvokeErrorMessage(LastError);

    public static byte[] Path(string path) => Encoding.UTF8.GetBytes(path + '\0');

    /// <summary>Opens a folder for use as the base of relative paths and for fsync.</summary>
    /// <exception cref="IOException">It cannot be opened.</exception>
    public static SafeFileHandle OpenFolder(string path)
    {
        int descriptor = openat(AtFdCwd, in Path(path)[0], ReadOnly | CloseOnExec, 0);
        return descriptor >= 0 ? new SafeFileHandle(descriptor, ownsHandle: true) : throw new IOException($"cannot open {path}: {LastErrorText}");
    }

    public static int Open(string path, int flags, uint mode) => openat(AtFdCwd, in Path(path)[0], flags | CloseOnExec, mode);

    public static int OpenRead(SafeFileHandle folder, ReadOnlySpan<byte> path) => openat(folder, in path[0], ReadOnly | CloseOnExec, 0);

    public static int OpenWrite(SafeFileHandle folder, ReadOnlySpan<byte> path) => openat(folder, in path[0], WriteOnly | Create | Truncate | CloseOnExec, 0x1a4);

    /// <summary>Reads until the buffer is full or the file ends.</summary>
    /// <returns>Bytes read, or below zero.</returns>
    public static int Read(int descriptor, Span<byte> buffer, long offset)
    {
        int done = 0;
        while (done < buffer.Length)
        {
            nint read = pread(descriptor, ref buffer[done], buffer.Length - done, offset + done);
            if (read < 0 && LastError == EINTR) continue;
            if (read < 0) return -1;
            if (read == 0) break;
            done += (int)read;
        }

        return done;
    }

    /// <summary>Writes all of it.</summary>
    public static bool Write(int descriptor, ReadOnlySpan<byte> bytes)
    {
        while (bytes.Length > 0)
        {
            nint written = write(descriptor, in bytes[0], bytes.Length);
            if (written < 0 && LastError == EINTR) continue;
            if (written < 0) return false;
            bytes = bytes[(int)written..];
        }

        return true;
    }

    // Linux frees the descriptor whatever close answers, so it is never closed again.
    /// <summary>Has the kernel give up the file's clean pages, as far as it will.</summary>
    public static void ForgetPages(int descriptor) => _ = posix_fadvise(descriptor, 0, 0, DontNeed);

    public static bool Close(int descriptor) => close(descriptor) == 0;

    public static bool Sync(int descriptor) => fsync(descriptor) == 0;

    public static bool Sync(SafeFileHandle folder) => fsync(folder) == 0;

    /// <summary>Has all that was written to the file system that holds the folder reach the disk; waits for it.</summary>
    public static bool SyncFileSystem(SafeFileHandle folder) => syncfs(folder) == 0;

    public static bool MakeFolder(SafeFileHandle folder, ReadOnlySpan<byte> path) => mkdirat(folder, in path[0], 0x1ed) == 0;

    public static bool Rename(SafeFileHandle fromFolder, ReadOnlySpan<byte> from, SafeFileHandle toFolder, ReadOnlySpan<byte> to) =>
        renameat(fromFolder, in from[0], toFolder, in to[0]) == 0;

    public static bool Unlink(SafeFileHandle folder, ReadOnlySpan<byte> path) => unlinkat(folder, in path[0], 0) == 0;

    /// <summary>Takes the whole-file lock that goes with the descriptor, without waiting.</summary>
    public static bool TryLock(int descriptor) => flock(descriptor, LockExclusive | LockNoWait) == 0;

    /// <summary>Gives it back, whoever has a copy of the descriptor: a program just being started has one of each for a moment.</summary>
    public static void Unlock(int descriptor) => _ = flock(descriptor, LockNone);

    public static uint UserId() => geteuid();

    /// <summary>Where a path lies and whose it is; false where it cannot be asked.</summary>
    public static bool TryStat(string path, bool followLink, out FileIdentity identity)
    {
        Span<byte> stat = stackalloc byte[StatxSize];
        bool good = statx(AtFdCwd, in Path(path)[0], followLink ? 0 : AtSymlinkNoFollow, StatxBasic, ref stat[0]) == 0;
        identity = good
            ? new FileIdentity(
                BinaryPrimitives.ReadUInt32LittleEndian(stat[136..]),
                BinaryPrimitives.ReadUInt32LittleEndian(stat[140..]),
                BinaryPrimitives.ReadUInt64LittleEndian(stat[32..]),
                BinaryPrimitives.ReadUInt32LittleEndian(stat[20..]))
            : default;
        return good;
    }

    /// <summary>Whether a path leads to a plain file: no folder, device, pipe or socket.</summary>
    public static bool IsPlainFile(string path)
    {
        Span<byte> stat = stackalloc byte[StatxSize];
        const int TypeMask = 0xf000, Plain = 0x8000;
        return statx(AtFdCwd, in Path(path)[0], 0, StatxBasic, ref stat[0]) == 0 && (BinaryPrimitives.ReadUInt16LittleEndian(stat[28..]) & TypeMask) == Plain;
    }

    /// <summary>Bytes on the file system that holds the folder: all of them, and those this user may still fill. Below zero where it cannot be asked.</summary>
    public static (long Size, long Free) Space(SafeFileHandle folder)
    {
        // struct statvfs on 64-bit Linux starts with f_bsize, f_frsize, f_blocks, f_bfree, f_bavail, eight bytes each; it is 112 long.
        Span<byte> space = stackalloc byte[256];
        if (fstatvfs(folder, ref space[0]) != 0) return (-1, -1);
        long unit = BinaryPrimitives.ReadInt64LittleEndian(space[8..]);
        return (unit * BinaryPrimitives.ReadInt64LittleEndian(space[16..]), unit * BinaryPrimitives.ReadInt64LittleEndian(space[32..]));
    }

    [LibraryImport("libc", SetLastError = true)]
    private static partial int openat(int folder, in byte path, int flags, uint mode);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int openat(SafeFileHandle folder, in byte path, int flags, uint mode);

    [LibraryImport("libc", SetLastError = true)]
    private static partial nint pread(int descriptor, ref byte buffer, nint count, long offset);

    [LibraryImport("libc", SetLastError = true)]
    private static partial nint write(int descriptor, in byte buffer, nint count);

    [LibraryImport("libc")]
    private static partial int posix_fadvise(int descriptor, long offset, long length, int advice);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int close(int descriptor);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int fsync(int descriptor);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int fsync(SafeFileHandle folder);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int syncfs(SafeFileHandle folder);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int mkdirat(SafeFileHandle folder, in byte path, uint mode);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int renameat(SafeFileHandle fromFolder, in byte from, SafeFileHandle toFolder, in byte to);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int unlinkat(SafeFileHandle folder, in byte path, int flags);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int flock(int descriptor, int operation);

    [LibraryImport("libc")]
    private static partial uint geteuid();

    [LibraryImport("libc", SetLastError = true)]
    private static partial int statx(int folder, in byte path, int flags, uint mask, ref byte buffer);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int fstatvfs(SafeFileHandle folder, ref byte buffer);
}

/// <summary>A file's device and inode, which name it whatever its path, and the user who owns it.</summary>
internal readonly record struct FileIdentity(uint DeviceMajor, uint DeviceMinor, ulong Inode, uint Owner);
