using System.CommandLine;
using OsCircular.Agent.Guests;
using OsCircular.Blocks;
using OsCircular.Indexes;
using OsCircular.Indexes.Signing;
using OsCircular.Publishing;

namespace OsCircular.Agent.Commands;

/// <summary><c>vm</c>: boots a mounted version, publishes what its guest changed, and installs new images.</summary>
internal static class VmCommand
{
    public static Command Create() => new("vm", "Boot a mounted version in a virtual machine, publish what its guest changed, and install new images.")
    {
        CreateRun(), CreateDisk(), CreateCommit(), VmInstallCommand.Create(),
    };

    private static Command CreateRun()
    {
        Argument<string?> name = Name();
        Argument<string[]> extra = GuestOptions.Extra();
        Option<string> mount = new("--mount") { Description = "Where an agent has mounted the images.", HelpName = "DIR", Required = true };
        Option<string?> overlay = new("--overlay")
        {
            Description = "A file that keeps what the guest changes; made where it is not there. Default: changes are thrown away.",
            HelpName = "FILE",
        };
        Option<string?> print = GuestOptions.Word(
            "--print", "Print this instead of running: QEMU's command, libvirt's domain XML, or a Xen HVM configuration for xl.", "qemu", "libvirt", "xl");
        GuestOptions guest = new();
        Command command = new("run", "Boot a mounted version. Its disk is only read: what the guest changes goes to an overlay, or is thrown away.")
        {
            name, extra, mount, overlay, print,
        };
        guest.AddTo(command);
        command.SetAction((parsed, cancellationToken) =>
        {
            (string? named, string[] rest) = GuestOptions.SplitAtDashes(parsed, name, extra);
            GuestRunOptions options = new()
            {
                Mount = parsed.GetRequiredValue(mount),
                Version = named is null ? null : VersionReference.Parse(named),
                Overlay = parsed.GetValue(overlay),
                Machine = guest.Read(parsed, rest),
            };
            return RunAsync(options, parsed.GetValue(print), TimeProvider.System, cancellationToken);
        });
        return command;
    }

    private static Command CreateDisk()
    {
        Argument<string?> name = Name();
        Option<string> mount = new("--mount") { Description = "Where an agent has mounted the images.", HelpName = "DIR", Required = true };
        Option<string> overlay = new("--overlay") { Description = "A file that keeps what is written; made where it is not there.", HelpName = "FILE", Required = true };
        Option<string> at = new("--at") { Description = "The disk file to show; made where it is not there.", HelpName = "PATH", Required = true };
        Command command = new(
            "disk",
            "Show a mounted version as a disk file that can be written to, for loop mounts and Xen's file: disks; vm commit publishes what was written. "
            + "Runs until the file is unmounted or it is told to stop; "
            + "prints \"ready PATH\" when the file can be used.")
        {
            name, mount, overlay, at,
        };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            TimeProvider time = TimeProvider.System;
            GuestRunOptions options = new()
            {
                Mount = parsed.GetRequiredValue(mount),
                Version = parsed.GetValue(name) is { } named ? VersionReference.Parse(named) : null,
                Overlay = parsed.GetRequiredValue(overlay),
            };
            (_, string? file) = await NewRun(time).ChooseAsync(options, cancellationToken);
            using WritableDisk disk = await WritableDisk.StartAsync(file!, parsed.GetRequiredValue(at), time, cancellationToken);
            Console.Out.WriteLine($"ready {parsed.GetRequiredValue(at)}");
            await Console.Out.FlushAsync(cancellationToken);
            try
            {
                await disk.WaitAsync(cancellationToken);
            }
            catch (OperationCanceledException)
            {
                // Told to stop: that is its end.
            }

            await disk.EndAsync();
            return 0;
        });
        return command;
    }

    private static Command CreateCommit()
    {
        Argument<string> overlay = new("OVERLAY") { Description = "The file that vm run --overlay kept; its guest must be shut down." };
        Option<string> repository = CommonOptions.Repository();
        Option<string?> name = new("--name") { Description = "The image to publish it as. Default: the one that it lies on.", HelpName = "NAME" };
        Option<string?> version = new("--version") { Description = "The version's name. Default: the number after the highest ever used.", HelpName = "V" };
        Option<string> key = CommonOptions.Key();
        Option<int> level = new("--level") { Description = "zstd level, 1 to 19.", HelpName = "N", DefaultValueFactory = _ => BlockEncoder.DefaultLevel };
        Option<TimeSpan?> expires = CommonOptions.Time("--expires", "How long the new head may be adopted, such as 30d. Default: for ever.");
        Option<string?> profile = CommonOptions.Profile();
        Option<bool> force = new("--force") { Description = "Even where a newer version would lose what it brought, or where the overlay's version is not mounted." };
        Option<bool> json = CommonOptions.Json();
        Command command = new("commit", "Publish what a guest changed as the next version: only that is read, so it takes time by the change and not by the disk.")
        {
            overlay, repository, name, version, key, level, expires, profile, force, json,
        };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            ImageName? image = parsed.GetValue(name) is { } given ? ImageName.Parse(given) : null;
            VersionName? versionName = parsed.GetValue(version) is { } text ? VersionName.Parse(text) : null;
            OverlayFile file = await OverlayFile.OpenAsync(parsed.GetRequiredValue(overlay), TimeProvider.System, cancellationToken);
            PublishOptions options = new()
            {
                ImagePath = file.Path,
                Overlay = file,
                Force = parsed.GetValue(force),
                RepositoryPath = parsed.GetRequiredValue(repository),
                Name = image ?? file.Version.Image,
                Version = versionName,
                Key = MinisignSecretKeyFile.Load(parsed.GetRequiredValue(key), () => Password.Ask("Password of the secret key: ")),
                Level = parsed.GetValue(level),
                ExpiresAfter = parsed.GetValue(expires),
                Profile = parsed.GetValue(profile),
            };
            return await PublishCommand.RunAsync(options, parsed.GetValue(json), TimeProvider.System, cancellationToken);
        });
        return command;
    }

    private static Argument<string?> Name() => new("NAME[@VERSION]")
    {
        Description = "The image, and which of its versions; no version: the newest. Left out: the overlay's, or a menu on a terminal.",
        Arity = ArgumentArity.ZeroOrOne,
    };

    private static async Task<int> RunAsync(GuestRunOptions options, string? print, TimeProvider time, CancellationToken cancellationToken)
    {
        (string qemu, GuestSpec guest) = await NewRun(time).PrepareAsync(options, cancellationToken);
        string? text = print switch
        {
            "qemu" => QemuCommand.ShellTextOf(guest),
            "libvirt" => LibvirtDomain.XmlOf(guest),
            "xl" => XenDomain.ConfigurationOf(guest),
            _ => null,
        };
        if (text is null) return await GuestProcess.RunAsync(qemu, QemuCommand.ArgumentsOf(guest), time, cancellationToken);
        Console.Out.WriteLine(text);
        return 0;
    }

    private static GuestRun NewRun(TimeProvider time)
    {
        bool canAsk = !Console.IsInputRedirected && !Console.IsErrorRedirected;
        return new GuestRun(canAsk ? VersionMenu.AskAsync : null, line => Console.Error.WriteLine($"oscircular: {line}"), time);
    }
}
