using System.Globalization;
using System.Net;
using System.Runtime.InteropServices;
using System.Xml.Linq;

namespace OsCircular.Agent.Guests;

/// <summary>A guest as libvirt's domain XML.</summary>
internal static class LibvirtDomain
{
    private static readonly XNamespace Qemu = "http://libvirt.org/schemas/domain/qemu/1.0";

    /// <summary>The XML, indented, for <c>virsh define</c> or <c>virsh create</c>.</summary>
    public static string XmlOf(GuestSpec guest)
    {
        bool arm = guest.Architecture == Architecture.Arm64;
        return new XElement("domain",
            new XAttribute("type", guest.Kvm ? "kvm" : "qemu"),
            guest.Extra.Count == 0 ? null : new XAttribute(XNamespace.Xmlns + "qemu", Qemu.NamespaceName),
            // libvirt allows no @ in the names of files that it makes of this one.
            new XElement("name", guest.Name.Replace('@', '-')),
            new XElement("memory", new XAttribute("unit", "MiB"), guest.MemoryMiB),
            new XElement("vcpu", guest.Processors),
            new XElement("os",
                guest.Uefi is null ? null : new XAttribute("firmware", "efi"),
                new XElement("type", new XAttribute("arch", arm ? "aarch64" : "x86_64"), new XAttribute("machine", arm ? "virt" : "q35"), "hvm"),
                new XElement("boot", new XAttribute("dev", "hd"))),
            new XElement("features", new XElement("acpi"), arm ? null : new XElement("apic")),
            new XElement("cpu", new XAttribute("mode", guest.Kvm ? "host-passthrough" : "maximum")),
            new XElement("on_reboot", "restart"),
            new XElement("devices", Disk(guest), Network(guest.Forwards), Console(guest.Display),
                new XElement("rng", new XAttribute("model", "virtio"), new XElement("backend", new XAttribute("model", "random"), "/dev/urandom"))),
            guest.Extra.Count == 0 ? null : new XElement(Qemu + "commandline", guest.Extra.Select(argument => new XElement(Qemu + "arg", new XAttribute("value", argument)))))
            .ToString();
    }

    private static XElement Disk(GuestSpec guest) => new("disk", new XAttribute("type", "file"), new XAttribute("device", "disk"),
        new XElement("driver", new XAttribute("name", "qemu"), new XAttribute("type", guest.Overlay is null ? "raw" : "qcow2"), new XAttribute("discard", "unmap"),
            new XAttribute("detect_zeroes", "unmap")),
        new XElement("source", new XAttribute("file", guest.Overlay ?? guest.BasePath)),
        guest.Overlay is null ? null : new XElement("backingStore", new XAttribute("type", "file"),
            new XElement("format", new XAttribute("type", "raw")), new XElement("source", new XAttribute("file", guest.BasePath)), new XElement("backingStore")),
        new XElement("target", new XAttribute("dev", "vda"), new XAttribute("bus", "virtio")),
        guest.Overlay is null ? new XElement("transient") : null);

    // Only passt forwards ports under libvirt.
    private static XElement Network(IReadOnlyList<PortForward> forwards) => new("interface", new XAttribute("type", "user"),
        forwards.Count == 0 ? null : new XElement("backend", new XAttribute("type", "passt")),
        new XElement("model", new XAttribute("type", "virtio")),
        forwards.Select(forward => new XElement("portForward", new XAttribute("proto", forward.Protocol),
            forward.Address.Equals(IPAddress.Any) ? null : new XAttribute("address", forward.Address),
            new XElement("range", new XAttribute("start", Number(forward.HostPort)), new XAttribute("to", Number(forward.GuestPort))))));

    private static IEnumerable<XElement> Console(bool display)
    {
        yield return new XElement("serial", new XAttribute("type", "pty"));
        yield return new XElement("console", new XAttribute("type", "pty"));
        if (!display) yield break;
        yield return new XElement("graphics", new XAttribute("type", "spice"), new XAttribute("autoport", "yes"));
        yield return new XElement("video", new XElement("model", new XAttribute("type", "virtio")));
        yield return new XElement("input", new XAttribute("type", "tablet"), new XAttribute("bus", "usb"));
    }

    private static string Number(int number) => number.ToString(CultureInfo.InvariantCulture);
}
