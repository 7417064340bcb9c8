using System.CommandLine;
using OsCircular.Agent.Configuration;
using OsCircular.Agent.Control;
using OsCircular.Agent.Output;
using OsCircular.Blocks;
using Spectre.Console;

namespace OsCircular.Agent.Commands;

/// <summary><c>status</c>: asks the agent that runs on a cache.</summary>
internal static class StatusCommand
{
    public static Command Create()
    {
        Option<string> cache = new("--cache") { Description = "The cache's directory.", HelpName = "DIR", Required = true };
        Option<bool> json = CommonOptions.Json();
        Command command = new("status", "Say what the agent on a cache is doing, and where its bytes come from.") { cache, json };
        command.SetAction((parsed, cancellationToken) => RunAsync(parsed.GetRequiredValue(cache), parsed.GetValue(json), cancellationToken));
        return command;
    }

    private static async Task<int> RunAsync(string cache, bool json, CancellationToken cancellationToken)
    {
        StatusReport status = await ControlClient.StatusAsync(Path.GetFullPath(cache), cancellationToken)
            ?? throw new UserError($"no agent runs on {cache}; start one with: oscircular mount DIR --cache {cache} ...");
        if (json) Console.Out.WriteLine(Json.Write(status));
        else Print(status);
        return 0;
    }

    private static void Print(StatusReport status)
    {
        Grid facts = new Grid().AddColumn(new GridColumn().NoWrap().PadRight(3)).AddColumn(new GridColumn());
        Add(facts, "mount", status.MountPoint);
        Add(facts, "path", status.Chain);
        Add(facts, "agent", $"process {status.Process.Id}, up {Units.FormatTime(TimeSpan.FromSeconds(status.Process.UptimeSeconds))}, {Units.FormatSize(status.Process.ResidentBytes)} of memory");
        Add(facts, "repository", $"{status.Repository.Id}, sequence {status.Repository.Sequence}, {status.Repository.Images} images, {status.Repository.Versions} versions");
        if (status.Repository.StaleSince is { } stale) Add(facts, "", $"stale since {stale:u}: no newer head could be adopted");
        foreach (string refusal in status.Repository.Refusals) Add(facts, "", refusal);
        CacheReport cache = status.Cache;
        Add(facts, "cache", $"{cache.Directory}: {cache.State}, {Units.FormatSize(cache.HeldBytes)} of {Units.FormatSize(cache.Quota)} in {cache.Blocks} blocks; catalogue {cache.Catalog}");
        Add(facts, "", $"{cache.Damaged} damaged, {cache.Healed} healed, {cache.Evicted} evicted, {cache.NotStored} not stored");
        ReadsReport reads = status.Reads;
        Add(facts, "reads", $"{reads.Count} of {Units.FormatSize(reads.Bytes)}; {reads.Waiting} waiting, {reads.Failed} failed ({reads.TimedOut} timed out), {reads.Interrupted} interrupted");
        Add(facts, "read-ahead", $"{reads.ReadAheadBlocks} blocks: {reads.ReadAheadUsed} used, {reads.ReadAheadWasted} wasted");
        AnsiConsole.Write(facts);

        Table sources = new Table().Border(TableBorder.Simple).AddColumns("source", "count", "bytes", "share", "state");
        sources.Columns[1].RightAligned();
        sources.Columns[2].RightAligned();
        sources.Columns[3].RightAligned();
        foreach (SourceReport source in status.Sources)
            sources.AddRow(Markup.Escape(source.Name), source.Count.ToString(), source.Bytes == 0 ? "" : Units.FormatSize(source.Bytes), $"{source.Percent:0.0} %", "");
        foreach (MirrorReport mirror in status.Mirrors)
            sources.AddRow(Markup.Escape($"  {mirror.Url}"), mirror.Requests.ToString(), Units.FormatSize(mirror.Bytes), "", Markup.Escape(StateOf(mirror)));
        AnsiConsole.Write(sources);
    }

    private static string StateOf(MirrorReport mirror)
    {
        string speed = mirror.LatencySeconds is { } latency ? $", {latency * 1000:0.#} ms, {Units.FormatSize((long)mirror.BytesPerSecond)}/s" : "";
        string failures = mirror.Failures.Count == 0 ? "" : $"; {string.Join(", ", mirror.Failures.Select(failure => $"{failure.Value} {failure.Key}"))}";
        return $"{mirror.State}{speed}{failures}{(mirror.LastError is { } last ? $" (last: {last})" : "")}";
    }

    private static void Add(Grid grid, string name, string text) => grid.AddRow(new Text(name), new Text(text));
}
