using System.Runtime.InteropServices;
using OsCircular.Agent.Doctor;
using OsCircular.Blocks;
using OsCircular.Indexes;
using OsCircular.Publishing;

namespace OsCircular.Agent.Guests;

/// <summary>What <c>vm run</c> was told.</summary>
internal sealed record GuestRunOptions
{
    public required string Mount { get; init; }

    /// <summary>Null: the overlay's, or the user is asked.</summary>
    public VersionReference? Version { get; init; }

    /// <summary>Where what the guest writes is kept; made where it is not there. Null: it is thrown away.</summary>
    public string? Overlay { get; init; }

    /// <summary>True: KVM; false: emulated; null: KVM where it works.</summary>
    public bool? Kvm { get; init; }

    public bool Uefi { get; init; }

    /// <summary>All that does not have to be looked up.</summary>
    public Func<GuestSpec, GuestSpec> Apply { get; init; } = guest => guest;
}

/// <summary>Looks up what a guest needs: which version, its overlay, whether KVM works, UEFI.</summary>
/// <param name="choose">Asks the user for one of several versions; null where nobody is there to be asked.</param>
/// <param name="tell">Takes a line for the user.</param>
/// <param name="time">The clock.</param>
internal sealed class GuestRun(Func<IReadOnlyList<OfferedVersion>, OfferedVersion>? choose, Action<string> tell, TimeProvider time)
{
    private static readonly TimeSpan ProbeLimit = TimeSpan.FromSeconds(5);

    private static string AnswerFile => Path.Combine(
        Environment.GetEnvironmentVariable("XDG_CACHE_HOME") is { Length: > 0 } set ? set : Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".cache"),
        "oscircular", "kvm.json");

    /// <returns>QEMU's path, and the guest.</returns>
    /// <exception cref="UserError">Something is missing, or does not fit together.</exception>
    public async Task<(string Qemu, GuestSpec Guest)> PrepareAsync(GuestRunOptions options, CancellationToken cancellationToken)
    {
        Architecture architecture = RuntimeInformation.OSArchitecture;
        string name = QemuCommand.ProgramFor(architecture);
        string qemu = Host.This.FindProgram(name)
            ?? throw new UserError($"{name} is not installed; on Debian: apt install {(architecture == Architecture.Arm64 ? "qemu-system-arm" : "qemu-system-x86")} qemu-utils");
        UefiFirmware? uefi = options.Uefi || architecture == Architecture.Arm64
            ? UefiFirmware.Find(architecture) ?? throw new UserError("no UEFI for guests is installed; on Debian: apt install ovmf (arm64: qemu-efi-aarch64)")
            : null;
        (OfferedVersion version, string? overlay) = await ChooseAsync(options, cancellationToken);
        bool kvm = options.Kvm ?? await KvmWorksAsync(qemu, cancellationToken);
        GuestSpec guest = new() { Name = $"{version.Reference}", BasePath = version.DiskPath, Overlay = overlay, Architecture = architecture, Kvm = kvm, Uefi = uefi };
        return (qemu, options.Apply(guest));
    }

    /// <returns>The version, and the absolute path of its overlay, which is made where it is not there; null: none was asked for.</returns>
    /// <exception cref="UserError">Something is missing, or does not fit together.</exception>
    public async Task<(OfferedVersion Version, string? Overlay)> ChooseAsync(GuestRunOptions options, CancellationToken cancellationToken)
    {
        IReadOnlyList<OfferedVersion> all = OfferedVersion.AllOf(options.Mount);
        string? overlay = options.Overlay is { } path ? Path.GetFullPath(path) : null;
        OfferedVersion version = overlay is not null && File.Exists(overlay)
            ? BaseOf(await OverlayFile.OpenAsync(overlay, time, cancellationToken), options, all)
            : options.Version is { } wanted ? OfferedVersion.Find(all, wanted)
            : choose is not null ? choose(all)
            : throw new UserError($"say which version: {string.Join(", ", all.Select(one => one.Reference))}", UserError.WrongUsage);
        if (overlay is not null && !File.Exists(overlay))
        {
            await OverlayFile.CreateAsync(overlay, version.DiskPath, time, cancellationToken);
            tell($"made {options.Overlay}, which keeps what the guest changes on {version.Reference}");
        }

        return (version, overlay);
    }

    /// <summary>An overlay remembers its version: that is what boots, even where it is no longer the newest.</summary>
    private static OfferedVersion BaseOf(OverlayFile overlay, GuestRunOptions options, IReadOnlyList<OfferedVersion> all)
    {
        VersionReference below = overlay.Version;
        if (options.Version is { } wanted && (wanted.Image != below.Image || wanted.Version is not null && wanted != below))
            throw new UserError($"{options.Overlay}: keeps changes on {below}, and has no use on {wanted}; leave the version out, or give another file");
        OfferedVersion found = OfferedVersion.Find(all, below);
        return found.DiskPath == overlay.BasePath
            ? found
            : throw new UserError(
                $"{options.Overlay}: was made on {overlay.BasePath}; mount there, or point it at this mount: qemu-img rebase -u -f qcow2 -F raw -b {found.DiskPath} {overlay.Path}");
    }

    private async Task<bool> KvmWorksAsync(string qemu, CancellationToken cancellationToken)
    {
        KvmAnswer answer = await new KvmProbe(qemu, ProbeLimit).AskAsync(AnswerFile, cancellationToken);
        if (!answer.Works) tell($"KVM does not work here ({answer.Reason}): the guest is emulated, and slow");
        return answer.Works;
    }
}
