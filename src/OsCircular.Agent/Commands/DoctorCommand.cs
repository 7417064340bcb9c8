using System.CommandLine;
using OsCircular.Agent.Doctor;
using OsCircular.Agent.Output;
using OsCircular.Blocks;
using Spectre.Console;

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
        Table table = new Table().Border(TableBorder.None).HideHeaders().AddColumns("", "", "");
        foreach (Finding finding in findings)
        {
            string mark = finding.State switch
            {
                FindingState.Good => "[green]ok[/]",
                FindingState.Optional => "[yellow]optional[/]",
                _ => "[red]missing[/]",
            };
            table.AddRow(new Markup(mark), new Text(finding.What), new Text(finding.Advice));
        }

        AnsiConsole.Write(table);
    }
}
