using System.Globalization;
using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace OsCircular.Agent.Guests;

/// <summary>A guest as a command line for QEMU.</summary>
internal static class QemuCommand
{
    public static string ProgramFor(Architecture architecture) => architecture == Architecture.Arm64 ? "qemu-system-aarch64" : "qemu-system-x86_64";

    public static string[] ArgumentsOf(GuestSpec guest) =>
    [
        "-name", Value(guest.Name),
        "-machine", guest.Architecture == Architecture.Arm64 ? "virt" : "q35",
        "-accel", guest.Kvm ? "kvm" : "tcg",
        "-cpu", guest.Kvm ? "host" : "max",
        "-smp", Number(guest.Processors),
        "-m", Number(guest.MemoryMiB),
        .. Firmware(guest.Uefi),
        "-drive", DiskOf(guest),
        .. Installer(guest.Installer),
        "-nic", "user,model=virtio-net-pci" + string.Concat(guest.Forwards.Select(ForwardOf)),
        "-device", "virtio-rng-pci",
        .. Console(guest),
        .. guest.Extra,
    ];

    /// <summary>The program and its arguments as a shell takes them.</summary>
    public static string ShellTextOf(GuestSpec guest) => ShellTextOf(ArgumentsOf(guest).Prepend(ProgramFor(guest.Architecture)));

    /// <summary>A program and its arguments as a shell takes them.</summary>
    public static string ShellTextOf(IEnumerable<string> command) => string.Join(' ', command.Select(Quoted));

    // What the guest trims, or writes zeros to, takes no room. Where nothing is kept QEMU makes a temporary overlay that has no name, so that nothing is left, however it ends.
    private static string DiskOf(GuestSpec guest) =>
        $"file={Value(guest.Overlay ?? guest.BasePath)},{(guest.Overlay is null ? "format=raw,snapshot=on" : "format=qcow2")},if=virtio,discard=unmap,detect-zeroes=unmap";

    // Firmware tries disks before it tries this, so that an installer which means to go on after a reboot can: -action reboot=reset.
    private static string[] Installer(string? path) => path is null
        ? []
        :
        [
            "-device", "virtio-scsi-pci", "-drive", $"if=none,id=installer,media=cdrom,format=raw,readonly=on,file={Value(path)}", "-device", "scsi-cd,drive=installer",
            "-no-reboot",
        ];

    private static string ForwardOf(PortForward forward)
    {
        string address = forward.Address.AddressFamily == AddressFamily.InterNetworkV6 ? $"[{forward.Address}]" : $"{forward.Address}";
        return $",hostfwd={forward.Protocol}:{address}:{forward.HostPort}-:{forward.GuestPort}";
    }

    // The variables are forgotten at the guest's end: it boots by the path for removable disks.
    private static string[] Firmware(UefiFirmware? uefi) => uefi is null
        ? []
        :
        [
            "-drive", $"if=pflash,unit=0,format=raw,readonly=on,file={Value(uefi.Code)}",
            "-drive", $"if=pflash,unit=1,format=raw,snapshot=on,file={Value(uefi.Variables)}",
        ];

    private static string[] Console(GuestSpec guest) => !guest.Display
        ? ["-nographic"]
        : guest.Architecture == Architecture.Arm64
            ? ["-device", "virtio-gpu-pci", "-device", "qemu-xhci", "-device", "usb-kbd", "-device", "usb-tablet"]
            : ["-device", "virtio-vga", "-device", "qemu-xhci", "-device", "usb-tablet"];

    // A comma ends a value unless it is doubled.
    private static string Value(string text) => text.Replace(",", ",,", StringComparison.Ordinal);

    private static string Number(int number) => number.ToString(CultureInfo.InvariantCulture);

    private static string Quoted(string argument) =>
        argument.Length > 0 && argument.All(letter => char.IsAsciiLetterOrDigit(letter) || "-_./:=,@%+".Contains(letter, StringComparison.Ordinal))
            ? argument
            : $"'{argument.Replace("'", "'\\''", StringComparison.Ordinal)}'";
}
