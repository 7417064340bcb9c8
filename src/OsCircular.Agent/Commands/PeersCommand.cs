using System.CommandLine;
using OsCircular.Agent.Configuration;
using OsCircular.Agent.Control;
using OsCircular.Agent.Output;
using OsCircular.Blocks;
using Spectre.Console;

namespace OsCircular.Agent.Commands;

/// <summary><c>peers</c>: whom the agent that runs on a cache knows, and what they have been worth.</summary>
internal static class PeersCommand
{
    public static Command Create()
    {
        Option<string> cache = new("--cache") { Description = "The cache's directory.", HelpName = "DIR", Required = true };
        Option<bool> json = CommonOptions.Json();
        Command command = new("peers", "Say whom the agent on a cache takes blocks from and gives them to.") { cache, json };
        command.SetAction((parsed, cancellationToken) => RunAsync(parsed.GetRequiredValue(cache), parsed.GetValue(json), cancellationToken));
        return command;
    }

    private static async Task<int> RunAsync(string cache, bool json, CancellationToken cancellationToken)
    {
        PeersReport report = await ControlClient.PeersAsync(Path.GetFullPath(cache), cancellationToken)
            ?? throw new UserError($"no agent runs on {cache}; start one with: oscircular mount DIR --cache {cache} ...");
        if (json) Console.Out.WriteLine(Json.Write(report));
        else Print(report, Console.Out);
        return 0;
    }

    /// <summary>As people read it.</summary>
    internal static void Print(PeersReport report, TextWriter output)
    {
        if (report.Sum is not { } sum)
        {
            output.WriteLine("peers are off: the agent was started with --peers off");
            return;
        }

        output.WriteLine($"this agent is {sum.Id[..8]} on port {sum.Port}, in group {sum.Group[..8]}{(sum.HasKey ? "" : " without a key: only hosts of its own networks")}");
        foreach (TrackerReport tracker in report.Trackers)
            output.WriteLine($"tracker {tracker.Url}: {tracker.Problem ?? $"{tracker.Peers} peers"}; next in {Units.FormatTime(TimeSpan.FromSeconds(tracker.UntilNextSeconds))}");
        if (report.Peers.Count == 0) output.WriteLine("no peers yet");
        else PrintTable(report.Peers, output);
        foreach (PeerReport peer in report.Peers.Where(peer => peer.Why is not null)) output.WriteLine($"{peer.Address}: {peer.Why}");
    }

    private static void PrintTable(IReadOnlyList<PeerReport> peers, TextWriter output)
    {
        Table table = Tables.New(3, 8, "peer", "id", "state", "offers", "received", "sent", "latency", "rate", "can fetch");
        foreach (PeerReport peer in peers)
        {
            table.AddRow(
                Markup.Escape(peer.Address), peer.Id[..8], peer.State, $"{peer.Offers}", Units.FormatSize(peer.BytesReceived), Units.FormatSize(peer.BytesSent),
                peer.LatencySeconds is { } latency ? $"{latency * 1000:0.#} ms" : "-",
                peer.BytesPerSecond > 0 ? $"{Units.FormatSize((long)peer.BytesPerSecond)}/s" : "-", peer.Fetches ? "yes" : "no");
        }

        Tables.Write(table, output);
    }
}
