using System.CommandLine;
using System.CommandLine.Parsing;
using OsCircular.Blocks;
using OsCircular.Fuse;

namespace OsCircular.Agent.Commands;

/// <summary>The program: its commands, and what becomes of their failures. Exit code 0 done, 1 failed, 2 wrong usage, 3 verification found damage.</summary>
public static class OsCircularCommand
{
    public static async Task<int> RunAsync(string[] arguments)
    {
        ParseResult parsed = Create().Parse(arguments);
        if (parsed.Errors.Count > 0) return ReportUsage(parsed);
        try
        {
            // A mount answers signals in its own way; every other command is cancelled, and given time to tidy up.
            TimeSpan? signalsCancel = parsed.CommandResult.Command.Name == MountCommand.Name ? null : TimeSpan.FromSeconds(10);
            return await parsed.InvokeAsync(new InvocationConfiguration { EnableDefaultExceptionHandler = false, ProcessTerminationTimeout = signalsCancel });
        }
        catch (UserError error)
        {
            return Report(error.Message, error.ExitCode);
        }
        catch (FuseException error)
        {
            return Report(error.Message, UserError.Failed);
        }
        catch (OperationCanceledException)
        {
            return Report("stopped before it was done; nothing is half-written, run it again to go on", UserError.Failed);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return Report(error.Message, UserError.Failed);
        }
    }

    private static RootCommand Create() => new("OS Circular: disk images for many hosts, fetched once, verified on every read.")
    {
        DemoCommand.Create(),
        KeygenCommand.Create(),
        PublishCommand.Create(),
        SignCommand.Create(),
        KeyCommand.Create(),
        GcCommand.Create(),
        MirrorCommand.Create(),
        ServeCommand.Create(),
        MountCommand.Create(),
        StatusCommand.Create(),
        PeersCommand.Create(),
        FillCommand.Create(),
        PinCommand.Create(),
        PinCommand.CreateUnpin(),
        ExportCommand.Create(),
        ImportCommand.Create(),
        ListCommand.Create(),
        VmCommand.Create(),
        ProfileCommand.Create(),
        VerifyCommand.Create(),
        GroupCommand.Create(),
        DoctorCommand.Create(),
    };

    private static int Report(string message, int exitCode)
    {
        foreach (string line in message.Split('\n')) Console.Error.WriteLine($"oscircular: {line}");
        return exitCode;
    }

    private static int ReportUsage(ParseResult parsed)
    {
        string command = "oscircular";
        for (CommandResult? part = parsed.CommandResult; part?.Command is { } named and not RootCommand; part = part.Parent as CommandResult)
            command = command.Insert("oscircular".Length, $" {named.Name}");
        foreach (string message in parsed.Errors.Select(error => error.Message).Distinct())
            Console.Error.WriteLine($"oscircular: {message.TrimEnd('.')}; see '{command} --help'");
        return UserError.WrongUsage;
    }
}
