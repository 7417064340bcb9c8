using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace OsCircular.TestKit.Programs;

/// <summary>
/// An ext4 disk of its own, on a loop device. It can be taken out under those who use it, put in again, and made to fail: what lies beyond a limit then gives EIO. Without a
/// journal, so that it goes on when the fault is over. Needs root.
/// </summary>
public sealed class LoopDisk : IAsyncDisposable
{
    // linux/loop.h
    private const int SetStatus = 0x4C04, GetStatus = 0x4C05;
    private const int StatusSize = 232, SizeLimitAt = 32;

    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    private readonly string _file;

    private LoopDisk(string file, string mountPoint)
    {
        _file = file;
        Path = mountPoint;
    }

    /// <summary>Where it is mounted.</summary>
    public string Path { get; }

    /// <param name="folder">For its file and its mount point.</param>
    /// <param name="size">Bytes.</param>
    public static async Task<LoopDisk> CreateAsync(TempDirectory folder, long size = 256L << 20)
    {
        LoopDisk disk = new(folder["disk.img"], folder.Folder("disk"));
        await TestProcess.ShellAsync("truncate -s \"$1\" \"$2\" && mkfs.ext4 -q -F -O ^has_journal \"$2\"", $"{size}", disk._file);
        await disk.PutInAsync();
        return disk;
    }

    public Task PutInAsync() => TestProcess.ShellAsync("mount -o loop,errors=continue \"$1\" \"$2\"", _file, Path);

    /// <summary>Unmounts it whoever uses it. Its device goes with the last file that is open on it.</summary>
    public Task TakeOutAsync() => TestProcess.ShellAsync("umount -l \"$1\"", Path);

    /// <summary>Whether it still has a device, for somebody holds it.</summary>
    public async Task<bool> IsHeldAsync() => (await DeviceAsync()).Length > 0;

    /// <summary>What lies beyond so many bytes fails from now on; 0: nothing does.</summary>
    public async Task FailBeyondAsync(long bytes)
    {
        await TestProcess.ShellAsync("sync -f \"$1\"", Path);
        using SafeFileHandle device = File.OpenHandle(await DeviceAsync(), FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite);
        byte[] status = new byte[StatusSize];
        if (ioctl(device, GetStatus, status) != 0) throw new IOException($"LOOP_GET_STATUS64: error {Marshal.GetLastPInvokeError()}");
        BinaryPrimitives.WriteInt64LittleEndian(status.AsSpan(SizeLimitAt), bytes);
        if (ioctl(device, SetStatus, status) != 0) throw new IOException($"LOOP_SET_STATUS64: error {Marshal.GetLastPInvokeError()}");
    }

    public async ValueTask DisposeAsync()
    {
        await TestProcess.RunAsync("umount", ["-l", "-q", Path], Limit);
        if (await DeviceAsync() is { Length: > 0 } device) await TestProcess.RunAsync("losetup", ["-d", device], Limit);
    }

    private async Task<string> DeviceAsync() => (await TestProcess.ShellAsync("losetup -n -O NAME -j \"$1\"", _file)).Trim();

    [DllImport("libc", SetLastError = true)]
    private static extern int ioctl(SafeFileHandle device, nuint request, byte[] status);
}
