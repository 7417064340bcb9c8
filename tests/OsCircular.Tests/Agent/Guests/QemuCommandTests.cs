using OsCircular.Agent.Guests;

namespace OsCircular.Tests.Agent.Guests;

public sealed class QemuCommandTests
{
    [Fact]
    public void ArgumentsOf_ThrownAway_NeverWritesToTheDisk() => Assert.Equal(
        "-name debian@1 -machine q35 -accel tcg -cpu max -smp 2 -m 1024 -drive file=/mnt/debian/1/disk.raw,format=raw,snapshot=on,if=virtio,discard=unmap,detect-zeroes=unmap "
        + "-nic user,model=virtio-net-pci -device virtio-rng-pci -nographic",
        string.Join(' ', QemuCommand.ArgumentsOf(GuestSamples.ThrownAway)));

    [Fact]
    public void ArgumentsOf_Rich_AllOfIt() => Assert.Equal(
        "-name debian@1 -machine q35 -accel kvm -cpu host -smp 4 -m 4096 "
        + "-drive if=pflash,unit=0,format=raw,readonly=on,file=/fw/code.fd -drive if=pflash,unit=1,format=raw,snapshot=on,file=/fw/vars.fd "
        + "-drive file=/srv/guest.qcow2,format=qcow2,if=virtio,discard=unmap,detect-zeroes=unmap "
        + "-nic user,model=virtio-net-pci,hostfwd=tcp:127.0.0.1:2222-:22,hostfwd=udp:[::]:53-:5353 -device virtio-rng-pci -device virtio-vga -device qemu-xhci -device usb-tablet "
        + "-device virtio-balloon-pci -m size=4G",
        string.Join(' ', QemuCommand.ArgumentsOf(GuestSamples.Rich)));

    [Fact]
    public void ArgumentsOf_Installer_IsReadOnlyAndEndsAtItsReboot() => Assert.Contains(
        "-drive file=/srv/guest.qcow2,format=qcow2,if=virtio,discard=unmap,detect-zeroes=unmap "
        + "-device virtio-scsi-pci -drive if=none,id=installer,media=cdrom,format=raw,readonly=on,file=/iso/a,,b.iso -device scsi-cd,drive=installer -no-reboot -nic",
        string.Join(' ', QemuCommand.ArgumentsOf(GuestSamples.Kept with { Installer = "/iso/a,b.iso" })), StringComparison.Ordinal);

    [Fact]
    public void ArgumentsOf_Arm_HasItsMachine()
    {
        string[] arguments = QemuCommand.ArgumentsOf(GuestSamples.Kept with { Architecture = GuestSamples.Arm64 });
        Assert.Contains("virt", arguments);
        Assert.Equal("qemu-system-aarch64", QemuCommand.ProgramFor(GuestSamples.Arm64));
    }

    [Fact]
    public void ArgumentsOf_CommaInAPath_IsDoubled() => Assert.Contains(
        QemuCommand.ArgumentsOf(GuestSamples.Kept with { Overlay = "/a,b/readonly=on" }), argument => argument.StartsWith("file=/a,,b/readonly=on,format=qcow2", StringComparison.Ordinal));

    [Fact]
    public void ShellTextOf_WhatAShellWouldTakeApart_IsQuoted() => Assert.EndsWith(
        " -nographic -append 'root=/dev/vda it'\\''s' ''", QemuCommand.ShellTextOf(GuestSamples.Kept with { Extra = ["-append", "root=/dev/vda it's", ""] }), StringComparison.Ordinal);
}
