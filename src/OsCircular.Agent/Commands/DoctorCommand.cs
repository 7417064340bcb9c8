using System.CommandLine;
using OsCircular.Agent.Doctor;
using OsCircular.Agent.Output;
using OsCircular.Blocks;

namespace OsCircular.Agent.Commands;

/// <summary><c>doctor</c>: what is missing on this host, and how to get it.</summary>
internal static class DoctorCommand
{
    public static Command Create()
    {
        Option<bool> json = CommonOptions.Json();
        Command command = new("doctor", "Say what is missing on this host, and how to get it.") { json };
        command.SetAction(parsed => Run(parsed.GetValue(json)));
        return command;
    }

    private static int Run(bool json)
    {
        IReadOnlyList<Finding> findings = Examination.Run(Host.This);
        if (json) Console.Out.WriteLine(Json.Write(findings));
        else Print(findings);
        return findings.Any(finding => finding.State == FindingState.Missing) ? UserError.Failed : 0;
    }

    private static void Print(IReadOnlyList<Finding> findings)
    {
        int width = findings.Max(finding => finding.What.Length);
        foreach (Finding finding in findings)
        {
            string state = finding.State == FindingState.Good ? "ok" : finding.State.ToString().ToLowerInvariant();
            Console.Out.WriteLine($"{state,-10}{finding.What.PadRight(width)}  {finding.Advice}");
        }
    }
}
