using System.CommandLine;
using OsCircular.Agent.Guests;
using OsCircular.Blocks;
using OsCircular.Indexes;
using OsCircular.Indexes.Signing;
using OsCircular.Publishing;

namespace OsCircular.Agent.Commands;

/// <summary><c>vm install</c>: an installer makes an image on an empty disk, which is then published.</summary>
internal static class VmInstallCommand
{
    public static Command Create()
    {
        Argument<string?> name = new("NAME") { Description = "The image to make: a-z, 0-9, '.', '_' and '-'." };
        Argument<string[]> extra = GuestOptions.Extra();
        Option<string> iso = new("--iso") { Description = "The installer: an ISO that boots.", HelpName = "FILE", Required = true };
        Option<long?> size = CommonOptions.Size("--size", "The disk's size, such as 8GiB; it takes room for what is written only.");
        size.Required = true;
        Option<string?> disk = new("--disk")
        {
            Description = "The qcow2 file to install on; removed once it is published, kept where it is not. Default: NAME.qcow2.",
            HelpName = "FILE",
        };
        Option<string?> repository = new("--repository") { Description = "Where to publish the result: a repository's folder.", HelpName = "DIR" };
        Option<string?> key = new("--key") { Description = "The publisher's secret key file (minisign format).", HelpName = "FILE" };
        Option<string?> version = new("--version") { Description = "The version's name. Default: the number after the highest ever used.", HelpName = "V" };
        Option<bool> publish = new("--publish") { Description = "Do not ask whether to publish the result. Nobody is asked either where there is no terminal." };
        GuestOptions guest = new();
        Command command = new(
            "install",
            "Boot an installer on an empty disk, and publish what it installed. It has ended when it turns the machine off or starts it again. Without --repository and --key "
            + "the disk is kept, and how to publish it is said.")
        {
            name, extra, iso, size, disk, repository, key, version, publish,
        };
        guest.AddTo(command);
        command.Validators.Add(result =>
        {
            bool known = result.GetValue(repository) is not null && result.GetValue(key) is not null;
            if (!known && (result.GetValue(publish) || result.GetValue(version) is not null || result.GetValue(repository) is not null || result.GetValue(key) is not null))
                result.AddError("to publish the result, give both --repository DIR and --key FILE");
        });
        command.SetAction(async (parsed, cancellationToken) =>
        {
            // Looked at first, so that a slip is said, and a password asked for, before and not after a long installation.
            (string? named, string[] rest) = GuestOptions.SplitAtDashes(parsed, name, extra);
            ImageName image = ImageName.Parse(named ?? throw new UserError("say what to call the image: oscircular vm install NAME ...", UserError.WrongUsage));
            GuestInstallOptions options = new()
            {
                Image = image,
                Iso = parsed.GetRequiredValue(iso),
                Disk = parsed.GetValue(disk) ?? $"{image}.qcow2",
                Size = parsed.GetRequiredValue(size)!.Value,
                Machine = guest.Read(parsed, rest),
            };
            VersionName? versionName = parsed.GetValue(version) is { } text ? VersionName.Parse(text) : null;
            PublishOptions? target = parsed.GetValue(repository) is { } folder && parsed.GetValue(key) is { } secret
                ? new PublishOptions
                {
                    ImagePath = options.Disk,
                    RepositoryPath = folder,
                    Name = image,
                    Version = versionName,
                    Key = MinisignSecretKeyFile.Load(secret, () => Password.Ask("Password of the secret key: ")),
                }
                : null;
            string byHand = QemuCommand.ShellTextOf(
                ["oscircular", "publish", options.Disk, "--repository", parsed.GetValue(repository) ?? "DIR", "--name", $"{image}", "--key", parsed.GetValue(key) ?? "FILE"]);
            return await RunAsync(options, target, parsed.GetValue(publish), byHand, TimeProvider.System, cancellationToken);
        });
        return command;
    }

    private static async Task<int> RunAsync(
        GuestInstallOptions options, PublishOptions? target, bool publish, string byHand, TimeProvider time, CancellationToken cancellationToken)
    {
        await new GuestInstall(line => Console.Error.WriteLine($"oscircular: {line}"), time).RunAsync(options, cancellationToken);
        bool terminal = !Console.IsInputRedirected && !Console.IsErrorRedirected;
        bool wanted = GuestInstall.Next(publish, target is not null, terminal) switch
        {
            InstalledDisk.Publish => true,
            InstalledDisk.Ask => await IsWantedAsync($"Publish it as {options.Image} in {target!.RepositoryPath}?", cancellationToken),
            _ => false,
        };
        if (!wanted)
        {
            Console.Out.WriteLine($"{options.Disk} holds what was installed; to publish it: {byHand}");
            return 0;
        }

        try
        {
            int code = await PublishCommand.RunAsync(target!, json: false, time, cancellationToken);
            File.Delete(options.Disk);
            return code;
        }
        catch (Exception cause) when (cause is UserError or OperationCanceledException)
        {
            Console.Error.WriteLine($"oscircular: {options.Disk} is kept; to publish it: {byHand}");
            throw;
        }
    }

    private static async Task<bool> IsWantedAsync(string question, CancellationToken cancellationToken)
    {
        Console.Error.WriteLine($"oscircular: {question} Type y or n.");
        for (; ;)
        {
            switch ((await Task.Run(Console.In.ReadLine, CancellationToken.None).WaitAsync(cancellationToken))?.Trim().ToLowerInvariant())
            {
                case "y" or "yes": return true;
                case "n" or "no" or null: return false;
                default:
                    Console.Error.WriteLine("oscircular: y or n?");
                    break;
            }
        }
    }
}
