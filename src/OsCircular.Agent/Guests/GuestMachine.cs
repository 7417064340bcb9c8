using System.Runtime.InteropServices;
using OsCircular.Agent.Doctor;
using OsCircular.Blocks;

namespace OsCircular.Agent.Guests;

/// <summary>The machine that a guest is to have, and what this host has for it.</summary>
internal sealed record GuestMachine
{
    private static readonly TimeSpan ProbeLimit = TimeSpan.FromSeconds(5);

    /// <summary>True: KVM; false: emulated; null: KVM where it works.</summary>
    public bool? Kvm { get; init; }

    public bool Uefi { get; init; }

    /// <summary>All that does not have to be looked up.</summary>
    public Func<GuestSpec, GuestSpec> Apply { get; init; } = guest => guest;

    private static string AnswerFile => Path.Combine(
        Environment.GetEnvironmentVariable("XDG_CACHE_HOME") is { Length: > 0 } set ? set : Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".cache"),
        "oscircular", "kvm.json");

    /// <summary>Looks up QEMU, UEFI and whether KVM works.</summary>
    /// <param name="disk">Makes the guest with its disk; called when all else is there.</param>
    /// <param name="tell">Takes a line for the user.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <returns>QEMU's path, and the guest.</returns>
    /// <exception cref="UserError">Something is missing.</exception>
    public async Task<(string Qemu, GuestSpec Guest)> PrepareAsync(Func<CancellationToken, Task<GuestSpec>> disk, Action<string> tell, CancellationToken cancellationToken)
    {
        Architecture architecture = RuntimeInformation.OSArchitecture;
        string name = QemuCommand.ProgramFor(architecture);
        string qemu = Host.This.FindProgram(name)
            ?? throw new UserError($"{name} is not installed; on Debian: apt install {(architecture == Architecture.Arm64 ? "qemu-system-arm" : "qemu-system-x86")} qemu-utils");
        UefiFirmware? uefi = Uefi || architecture == Architecture.Arm64
            ? UefiFirmware.Find(architecture) ?? throw new UserError("no UEFI for guests is installed; on Debian: apt install ovmf (arm64: qemu-efi-aarch64)")
            : null;
        GuestSpec guest = await disk(cancellationToken);
        bool kvm = Kvm ?? await KvmWorksAsync(qemu, tell, cancellationToken);
        return (qemu, Apply(guest with { Architecture = architecture, Kvm = kvm, Uefi = uefi }));
    }

    private static async Task<bool> KvmWorksAsync(string qemu, Action<string> tell, CancellationToken cancellationToken)
    {
        KvmAnswer answer = await new KvmProbe(qemu, ProbeLimit).AskAsync(AnswerFile, cancellationToken);
        if (!answer.Works) tell($"KVM does not work here ({answer.Reason}): the guest is emulated, and slow");
        return answer.Works;
    }
}
