using System.CommandLine;
using OsCircular.Agent.Demo;
using OsCircular.Agent.Output;
using OsCircular.Blocks;

namespace OsCircular.Agent.Commands;

/// <summary><c>demo</c>: the whole thing on one machine, nothing to configure.</summary>
internal static class DemoCommand
{
    public static Command Create()
    {
        Option<bool> keep = new("--keep") { Description = "Leave the images, the repository and the cache where they are." };
        Option<bool> json = CommonOptions.Json();
        Command command = new("demo", "Publish, serve, mount, read, update and go offline, all on this machine.") { keep, json };
        command.SetAction((parsed, cancellationToken) => RunAsync(parsed.GetValue(keep), parsed.GetValue(json), cancellationToken));
        return command;
    }

    private static async Task<int> RunAsync(bool keep, bool json, CancellationToken cancellationToken)
    {
        string folder = Directory.CreateTempSubdirectory("oscircular-demo-").FullName;
        try
        {
            DemoReport report = await new DemoRun(folder, Console.Error, TimeProvider.System).RunAsync(cancellationToken);
            if (json) Console.Out.WriteLine(Json.Write(report));
            else report.Print();
            return report.Succeeded ? 0 : UserError.DamageFound;
        }
        finally
        {
            if (keep) Console.Error.WriteLine($"kept: {folder}");
            else Directory.Delete(folder, recursive: true);
        }
    }
}
