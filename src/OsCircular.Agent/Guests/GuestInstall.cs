using OsCircular.Blocks;
using OsCircular.Indexes;
using OsCircular.Publishing;

namespace OsCircular.Agent.Guests;

/// <summary>What becomes of a disk that was just installed.</summary>
internal enum InstalledDisk
{
    /// <summary>It is kept, and the user is told how to publish it.</summary>
    Keep,

    /// <summary>The user is asked whether it is published.</summary>
    Ask,

    Publish,
}

/// <summary>What <c>vm install</c> was told.</summary>
internal sealed record GuestInstallOptions
{
    public required ImageName Image { get; init; }

    /// <summary>The installer.</summary>
    public required string Iso { get; init; }

    /// <summary>The qcow2 file to make.</summary>
    public required string Disk { get; init; }

    /// <summary>The disk's bytes.</summary>
    public required long Size { get; init; }

    public GuestMachine Machine { get; init; } = new();
}

/// <summary>Boots an installer on an empty disk.</summary>
/// <param name="tell">Takes a line for the user.</param>
/// <param name="time">The clock.</param>
internal sealed class GuestInstall(Action<string> tell, TimeProvider time)
{
    /// <summary>Makes the disk and runs the installer to its end: till it turns the machine off, or starts it again.</summary>
    /// <exception cref="UserError">Something is missing, QEMU failed or was ended from outside, or nothing was installed; what was written is kept.</exception>
    /// <exception cref="OperationCanceledException">It was ended from outside, and nothing was written.</exception>
    public async Task RunAsync(GuestInstallOptions options, CancellationToken cancellationToken)
    {
        string iso = Path.GetFullPath(options.Iso), disk = Path.GetFullPath(options.Disk);
        if (!File.Exists(iso)) throw new UserError($"{options.Iso}: no such ISO; check the path");
        (string qemu, GuestSpec guest) = await options.Machine.PrepareAsync(
            async end =>
            {
                await NewDisk.CreateAsync(disk, options.Size, time, end);
                return new GuestSpec { Name = $"{options.Image}", BasePath = disk, Overlay = disk, Installer = iso };
            },
            tell,
            cancellationToken);
        long empty = new FileInfo(disk).Length;
        tell($"made {options.Disk}; booting {options.Iso}, till the installer turns the machine off or starts it again");

        int code = await GuestProcess.RunAsync(qemu, QemuCommand.ArgumentsOf(guest), time, cancellationToken);
        // QEMU may have gone to the background, where it was told to.
        await NewDisk.CheckUnusedAsync(disk, time, CancellationToken.None);
        if (new FileInfo(disk).Length == empty)
        {
            File.Delete(disk);
            cancellationToken.ThrowIfCancellationRequested();
            throw new UserError($"nothing was installed, for nothing was written; {options.Disk} is removed again{(code == 0 ? "" : $" (QEMU ended with {code})")}");
        }

        if (cancellationToken.IsCancellationRequested) throw new UserError($"ended before the installer was done; {options.Disk} is kept as that left it");
        if (code != 0) throw new UserError($"QEMU ended with {code}; {options.Disk} is kept as the installer left it");
    }

    /// <param name="told">Whether to publish was said on the command line.</param>
    /// <param name="known">Whether repository and key were.</param>
    /// <param name="terminal">Whether somebody can be asked.</param>
    public static InstalledDisk Next(bool told, bool known, bool terminal) => (told, known, terminal) switch
    {
        (_, false, _) => InstalledDisk.Keep,
        (false, true, true) => InstalledDisk.Ask,
        _ => InstalledDisk.Publish,
    };
}
