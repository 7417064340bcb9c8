using System.CommandLine;
using OsCircular.Agent.Configuration;
using OsCircular.Agent.Output;
using OsCircular.Peers.Access;

namespace OsCircular.Agent.Commands;

/// <summary><c>group id</c>: what a group is called on the wire, for a tracker's whitelist.</summary>
internal static class GroupCommand
{
    public static Command Create()
    {
        Option<string> name = new("--group") { Description = "The group's name.", HelpName = "NAME", DefaultValueFactory = _ => PeerSettings.DefaultGroup };
        Option<string?> key = new("--group-key") { Description = "The group's key.", HelpName = "FILE" };
        Option<bool> json = CommonOptions.Json();
        Command id = new("id", "Print the group's id: 40 hex digits.") { name, key, json };
        id.SetAction(parsed =>
        {
            GroupKey? read = parsed.GetValue(key) is { } file ? GroupKey.Read(file) : null;
            string text = new PeerGroup(parsed.GetRequiredValue(name), read).Id.ToString();
            Console.Out.WriteLine(parsed.GetValue(json) ? Json.Write(new GroupReport(text)) : text);
        });
        return new Command("group", "A group of peers.") { id };
    }

    private sealed record GroupReport(string Id);
}
