using System.Runtime.InteropServices;

namespace OsCircular.Agent.Guests;

/// <summary>A guest to be started, with nothing left to look up.</summary>
internal sealed record GuestSpec
{
    public const int DefaultMemoryMiB = 1024;

    /// <summary>What it is called, such as <c>debian@1</c>.</summary>
    public required string Name { get; init; }

    /// <summary>The version's <c>disk.raw</c>, an absolute path; it is only read.</summary>
    public required string BasePath { get; init; }

    /// <summary>The qcow2 file, an absolute path, that takes what the guest writes; null: that is thrown away.</summary>
    public string? Overlay { get; init; }

    /// <summary>
    /// An ISO, an absolute path, that boots as long as the disk does not: the overlay is then a disk of its own, and the first reboot ends the guest. Null: none.
    /// </summary>
    public string? Installer { get; init; }

    /// <summary>The host's, and so the guest's.</summary>
    public Architecture Architecture { get; init; } = Architecture.X64;

    /// <summary>Whether KVM runs it; else it is emulated.</summary>
    public bool Kvm { get; init; }

    public int MemoryMiB { get; init; } = DefaultMemoryMiB;
    public int Processors { get; init; } = 2;

    /// <summary>Null: BIOS.</summary>
    public UefiFirmware? Uefi { get; init; }

    /// <summary>A window; else the serial console on standard input and output.</summary>
    public bool Display { get; init; }

    public IReadOnlyList<PortForward> Forwards { get; init; } = [];

    /// <summary>Arguments for QEMU, passed on as they are.</summary>
    public IReadOnlyList<string> Extra { get; init; } = [];
}
