using System.Runtime.InteropServices;
using OsCircular.TestKit.Images;

namespace OsCircular.TestKit.Programs;

/// <summary>A Debian guest on an overlay of its own: emulated (no KVM), started with kernel and initrd from outside the disk.</summary>
public sealed class Qemu : IAsyncDisposable
{
    private static readonly TimeSpan BootLimit = TimeSpan.FromSeconds(240);

    private readonly TestProcess _process;

    private Qemu(DebianImage debian, string overlay)
    {
        bool arm = RuntimeInformation.OSArchitecture == Architecture.Arm64;
        string[] machine = arm ? ["qemu-system-aarch64", "-machine", "virt", "-cpu", "max"] : ["qemu-system-x86_64"];
        _process = TestProcess.Start(machine[0], [
            .. machine[1..], "-accel", "tcg", "-m", "512", "-nographic", "-nic", "none", "-no-reboot",
            "-drive", $"file={overlay},if=virtio",
            "-kernel", debian.Kernel, "-initrd", debian.Initrd,
            "-append", $"root=/dev/vda rw console={(arm ? "ttyAMA0" : "ttyS0")}"]);
    }

    /// <summary>Makes a qcow2 overlay on <paramref name="disk"/>, which is only read, and starts a guest from it.</summary>
    public static async Task<Qemu> StartAsync(DebianImage debian, string disk, string overlayFolder)
    {
        string overlay = Path.Combine(overlayFolder, $"{Guid.NewGuid():N}.qcow2");
        await TestProcess.ShellAsync("qemu-img create -q -f qcow2 -b \"$1\" -F raw \"$2\"", disk, overlay);
        return new Qemu(debian, overlay);
    }

    /// <summary>Waits for the line that the image prints at multi-user, and returns it.</summary>
    public Task<string> WaitForMultiUserAsync() => _process.WaitForOutputAsync(DebianImage.MultiUserLine, BootLimit);

    public async ValueTask DisposeAsync()
    {
        await _process.DisposeAsync();
    }
}
