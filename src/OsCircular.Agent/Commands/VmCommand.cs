using System.CommandLine;
using System.CommandLine.Parsing;
using OsCircular.Agent.Configuration;
using OsCircular.Agent.Guests;
using OsCircular.Blocks;
using OsCircular.Indexes;
using OsCircular.Indexes.Signing;
using OsCircular.Publishing;
using Spectre.Console;

namespace OsCircular.Agent.Commands;

/// <summary><c>vm</c>: boots a mounted version, and publishes what its guest changed.</summary>
internal static class VmCommand
{
    private const long SmallestMemory = 16 << 20;
    private const long LargestMemory = 16L << 40;
    private const int MostProcessors = 1024;

    public static Command Create() => new("vm", "Boot a mounted version in a virtual machine, and publish what its guest changed.") { CreateRun(), CreateDisk(), CreateCommit() };

    private static Command CreateRun()
    {
        Argument<string?> name = Name();
        Argument<string[]> extra = new("-- QEMU ARGS") { Description = "Further arguments for QEMU, after '--'.", Arity = ArgumentArity.ZeroOrMore };
        Option<string> mount = new("--mount") { Description = "Where an agent has mounted the images.", HelpName = "DIR", Required = true };
        Option<string?> overlay = new("--overlay")
        {
            Description = "A file that keeps what the guest changes; made where it is not there. Default: changes are thrown away.",
            HelpName = "FILE",
        };
        Option<string?> print = Word("--print", "Print this instead of running: QEMU's command, libvirt's domain XML, or a Xen HVM configuration for xl.", "qemu", "libvirt", "xl");
        Option<string?> accelerator = Word(
            "--accel", "Default: KVM where a guest really runs under it (tried once after each boot of the host), else emulation.", "auto", "kvm", "tcg");
        Option<long?> memory = CommonOptions.Size("--memory", $"The guest's memory. Default: {GuestSpec.DefaultMemoryMiB}MiB.");
        Option<int?> cpus = new("--cpus") { Description = "The guest's processors. Default: 2, or 1 where the host has one.", HelpName = "N" };
        Option<string?> firmware = Word(
            "--firmware", "Default: BIOS; on arm64 UEFI. What a guest sets in UEFI is forgotten: it has to boot by the path for removable disks.", "bios", "uefi");
        Option<string?> console = Word("--console", "The serial console here, or a window. Default: a window where there is a desktop.", "serial", "display");
        Option<PortForward[]> forward = new("--forward")
        {
            Description = "Lead a port of this host (127.0.0.1 unless told otherwise) into the guest; repeat for several.",
            HelpName = "[ADDR:]PORT:GUESTPORT[/udp]",
            AllowMultipleArgumentsPerToken = false,
            CustomParser = result => [.. result.Tokens.Select(token => ForwardOf(token.Value, result)).OfType<PortForward>()],
        };
        Command command = new("run", "Boot a mounted version. Its disk is only read: what the guest changes goes to an overlay, or is thrown away.")
        {
            name, extra, mount, overlay, print, accelerator, memory, cpus, firmware, console, forward,
        };
        command.Validators.Add(result =>
        {
            if (result.GetValue(memory) is { } bytes and (< SmallestMemory or > LargestMemory))
                result.AddError($"--memory: {Units.FormatSize(bytes)} is no guest's memory; give 16MiB or more");
            if (result.GetValue(cpus) is < 1 or > MostProcessors) result.AddError($"--cpus: give 1 to {MostProcessors}");
        });
        command.SetAction((parsed, cancellationToken) =>
        {
            (string? named, string[] rest) = SplitAtDashes(parsed, name, extra);
            string? window = parsed.GetValue(console);
            GuestRunOptions options = new()
            {
                Mount = parsed.GetRequiredValue(mount),
                Version = named is null ? null : VersionReference.Parse(named),
                Overlay = parsed.GetValue(overlay),
                Kvm = parsed.GetValue(accelerator) switch { "kvm" => true, "tcg" => false, _ => null },
                Uefi = parsed.GetValue(firmware) == "uefi",
                Apply = guest => guest with
                {
                    MemoryMiB = (int)((parsed.GetValue(memory) ?? (long)GuestSpec.DefaultMemoryMiB << 20) >> 20),
                    Processors = parsed.GetValue(cpus) ?? Math.Min(2, Environment.ProcessorCount),
                    Display = window == "display" || window is null && HasDesktop,
                    Forwards = parsed.GetValue(forward) ?? [],
                    Extra = rest,
                },
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
            "Show a mounted version as a disk file that can be written to, for loop mounts and Xen's file: disks. Runs until the file is unmounted or it is told to stop; "
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

    private static bool HasDesktop => Environment.GetEnvironmentVariable("DISPLAY") is { Length: > 0 } || Environment.GetEnvironmentVariable("WAYLAND_DISPLAY") is { Length: > 0 };

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
        return new GuestRun(canAsk ? Ask : null, line => Console.Error.WriteLine($"oscircular: {line}"), time);
    }

    private static OfferedVersion Ask(IReadOnlyList<OfferedVersion> all)
    {
        IAnsiConsole console = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(Console.Error) });
        return console.Prompt(new SelectionPrompt<OfferedVersion>().Title("Boot which version?").EnableSearch().AddChoices(all)
            .UseConverter(one => Markup.Escape($"{one.Reference}, published {one.Published:yyyy-MM-dd HH:mm}{(one.Latest ? ", the newest" : "")}")));
    }

    /// <summary>What stands before <c>--</c> is the name, what follows is QEMU's.</summary>
    private static (string? Name, string[] Extra) SplitAtDashes(ParseResult parsed, Argument<string?> name, Argument<string[]> extra)
    {
        string[] rest = [.. parsed.Tokens.SkipWhile(token => token.Type != TokenType.DoubleDash).Skip(1).Select(token => token.Value)];
        string[] all = [.. parsed.GetResult(name)?.Tokens.Select(token => token.Value) ?? [], .. parsed.GetResult(extra)?.Tokens.Select(token => token.Value) ?? []];
        return (all.Length - rest.Length) switch
        {
            0 => (null, rest),
            1 => (all[0], rest),
            _ => throw new UserError($"'{all[1]}' is one argument too many; what is meant for QEMU stands after '--'", UserError.WrongUsage),
        };
    }

    private static PortForward? ForwardOf(string text, ArgumentResult result)
    {
        PortForward? forward = PortForward.TryParse(text);
        if (forward is null) result.AddError($"--forward: '{text}' leads nowhere; write it like 2222:22 or 0.0.0.0:8080:80");
        return forward;
    }

    private static Option<string?> Word(string name, string description, params string[] words)
    {
        Option<string?> option = new(name) { Description = description, HelpName = string.Join('|', words) };
        option.Validators.Add(result =>
        {
            if (result.Tokens is [var token] && !words.Contains(token.Value)) result.AddError($"{name}: '{token.Value}' is none of {string.Join(", ", words)}");
        });
        return option;
    }
}
