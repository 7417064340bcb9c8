using System.Runtime.InteropServices;

namespace OsCircular.Agent.Doctor;

public enum FindingState
{
    /// <summary>There, and usable.</summary>
    Good,

    /// <summary>Not there; one thing less can be done.</summary>
    Optional,

    /// <summary>Not there, and mounting needs it.</summary>
    Missing,
}

/// <summary>One thing looked at.</summary>
/// <param name="What">The thing and its state.</param>
/// <param name="Advice">What it is for, or how to get it.</param>
public sealed record Finding(FindingState State, string What, string Advice);

/// <summary>What the host has, and what of it the agent needs: pure, so that every kind of host can be tried in a test.</summary>
public static class Examination
{
    // FUSE_NOTIFY_RESEND.
    private static readonly Version ResendingKernel = new(6, 9);

    private static readonly (string Program, string Package, string For)[] Programs =
    [
        ("qemu-img", "qemu-utils", "publish reads qcow2, vmdk and vhdx images with it"),
        RuntimeInformation.OSArchitecture == Architecture.Arm64
            ? ("qemu-system-aarch64", "qemu-system-arm", "virtual machines boot from the mount with it")
            : ("qemu-system-x86_64", "qemu-system-x86", "virtual machines boot from the mount with it"),
        ("mke2fs", "e2fsprogs", "demo makes its disk image with it"),
        ("minisign", "minisign", "anyone can check a repository's signature with it"),
    ];

    public static IReadOnlyList<Finding> Run(Host host) =>
    [
        Device(host),
        Mounting(host),
        .. AllowOther(host),
        Resending(host),
        .. Programs.Select(program => Program(host, program.Program, program.Package, program.For)),
    ];

    private static Finding Device(Host host) => host switch
    {
        { HasFuseDevice: false } => new(FindingState.Missing, "/dev/fuse is not there", "load the module: modprobe fuse; in a container, pass the device in"),
        { CanOpenFuseDevice: false } => new(FindingState.Missing, "/dev/fuse cannot be opened by this user", "as root: chmod 666 /dev/fuse (Debian's udev does so by itself), or run as root"),
        _ => new(FindingState.Good, "/dev/fuse", "can be opened"),
    };

    private static Finding Mounting(Host host)
    {
        if (host.IsRoot) return new(FindingState.Good, "running as root", "mounts directly");
        return host.FindProgram("fusermount3") is { } path
            ? new(FindingState.Good, path, "mounts for an ordinary user")
            : new(FindingState.Missing, "fusermount3 is not there", "an ordinary user mounts with it: apt-get install fuse3");
    }

    private static IEnumerable<Finding> AllowOther(Host host)
    {
        if (host.IsRoot || host.FindProgram("fusermount3") is null) yield break;
        yield return host.UserAllowOther
            ? new(FindingState.Good, "user_allow_other", "--allow-other works for ordinary users")
            : new(FindingState.Optional, "user_allow_other is not set", "--allow-other needs it for ordinary users: write user_allow_other into /etc/fuse.conf");
    }

    private static Finding Resending(Host host) => host.Kernel >= ResendingKernel
        ? new(FindingState.Good, $"Linux {host.Kernel.ToString(2)}", "sends again what a killed agent left unanswered: its readers see a pause only")
        : new(FindingState.Optional, $"Linux {host.Kernel.ToString(2)} does not send again what a killed agent left unanswered", $"its readers get errors; boot Linux {ResendingKernel} or newer");

    private static Finding Program(Host host, string program, string package, string purpose) => host.FindProgram(program) is { } path
        ? new(FindingState.Good, path, purpose)
        : new(FindingState.Optional, $"{program} is not there", $"{purpose}: apt-get install {package}");
}
