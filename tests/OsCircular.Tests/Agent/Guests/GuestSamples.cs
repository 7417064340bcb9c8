using System.Net;
using OsCircular.Agent.Guests;

namespace OsCircular.Tests.Agent.Guests;

internal static class GuestSamples
{
    // By their whole name: a folder of these tests is called Architecture.
    public const System.Runtime.InteropServices.Architecture Arm64 = System.Runtime.InteropServices.Architecture.Arm64;
    public const System.Runtime.InteropServices.Architecture X64 = System.Runtime.InteropServices.Architecture.X64;

    public static GuestSpec ThrownAway { get; } = new() { Name = "debian@1", BasePath = "/mnt/debian/1/disk.raw" };

    public static GuestSpec Kept { get; } = ThrownAway with { Overlay = "/srv/guest.qcow2" };

    public static GuestSpec Rich { get; } = Kept with
    {
        Kvm = true,
        MemoryMiB = 4096,
        Processors = 4,
        Display = true,
        Uefi = new UefiFirmware("/fw/code.fd", "/fw/vars.fd"),
        Forwards = [new PortForward(IPAddress.Loopback, 2222, 22, Udp: false), new PortForward(IPAddress.IPv6Any, 53, 5353, Udp: true)],
        Extra = ["-device", "virtio-balloon-pci", "-m", "size=4G"],
    };
}
