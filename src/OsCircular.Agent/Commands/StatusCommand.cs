using System.CommandLine;
using OsCircular.Agent.Configuration;
using OsCircular.Agent.Control;
using OsCircular.Agent.Hosting;
using OsCircular.Agent.Output;
using OsCircular.Blocks;

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
            ?? throw new UserError($"no agent runs on {cache}{Kept(cache)}; start one with: oscircular mount DIR --cache {cache} ...");
        if (json) Console.Out.WriteLine(Json.Write(status));
        else Print(status);
        return 0;
    }

    private static string Kept(string cache) => MountKeepers.Look(Path.GetFullPath(cache)) is { } kept
        ? $", and its mount on {kept.MountPoint} is kept for another {Math.Ceiling(kept.Left.TotalSeconds)} s"
        : "";

    private static void Print(StatusReport status)
    {
        Line("mount", status.MountPoint);
        Line("path", status.Chain);
        ProcessReport process = status.Process;
        Line("agent", $"process {process.Id}, up {Units.FormatTime(TimeSpan.FromSeconds(process.UptimeSeconds))}, {Units.FormatSize(process.ResidentBytes)} of memory");
        TakeoverReport takeover = status.Takeover;
        string resend = takeover.KernelCanResend ? "" : "; this kernel cannot send a killed agent's requests again";
        Line("", $"generation {takeover.Generation} of this mount; {takeover.Keeper ?? "nobody"} keeps it when the agent ends{resend}");
        Line("repository", $"{status.Repository.Id}, sequence {status.Repository.Sequence}, {status.Repository.Images} images, {status.Repository.Versions} versions");
        if (status.Repository.StaleSince is { } stale) Line("", $"stale since {stale:u}: no newer head could be adopted");
        foreach (RetiredReport retired in status.Repository.Retired) Line("", RetiredText(retired));
        foreach (string refusal in status.Repository.Refusals) Line("", refusal);
        CacheReport cache = status.Cache;
        string held = $"{Units.FormatSize(cache.HeldBytes)} of {Units.FormatSize(cache.Quota)} in {cache.Blocks} blocks";
        Line("cache", $"{cache.Directory}: {CacheTrouble.Text(cache)}, {held}; catalogue {cache.Catalog}");
        string notHealed = cache.NotHealed > 0 ? $" ({cache.NotHealed} not yet)" : "";
        Line("", $"{cache.Damaged} damaged, {cache.Healed} healed{notHealed}, {cache.Evicted} evicted, {cache.NotStored} not stored");
        BlameReport blame = status.Blame;
        Line("blame", $"wrong bytes from the cache disk {blame.Disk}, from peers {blame.Peers}, from mirrors {blame.Mirrors}; no reader saw them");
        if (blame.DiskIsSuspect) Line("", $"the cache disk gave {blame.DiskLastHour} damaged files in the last hour: check the disk");
        Line("scrub", ScrubText(status.Scrub));
        ReadsReport reads = status.Reads;
        Line("reads", $"{reads.Count} of {Units.FormatSize(reads.Bytes)}; {reads.Waiting} waiting, {reads.Failed} failed ({reads.TimedOut} timed out), {reads.Interrupted} interrupted");
        Line("read-ahead", $"{reads.ReadAheadBlocks} blocks: {reads.ReadAheadUsed} used, {reads.ReadAheadWasted} wasted");
        if (status.Peers is { } peers) PrintPeers(peers);
        PrintCaps(status.Caps);
        foreach ((int i, PinReport pin) in status.Pins.Index()) Line(i == 0 ? "pins" : "", PinCommand.Text(pin));
        if (status.PinTrouble is { } trouble) Line("", trouble);
        foreach ((int i, BootReport boot) in status.Boots.Index()) Line(i == 0 ? "profiles" : "", BootText(boot));
        foreach ((int i, FillReport fill) in status.Filling.Index()) Line(i == 0 ? "filling" : "", FillCommand.Text(fill));
        Console.Out.WriteLine();
        PrintSources(status);
    }

    private static void PrintCaps(CapsReport caps)
    {
        string text = string.Join(", ", new[] { Cap("mirrors", caps.MirrorRate), Cap("peers", caps.PeerRate), Cap("uploads", caps.UploadRate), Cap("filling", caps.FillRate) }.OfType<string>());
        if (text.Length > 0) Line("caps now", text);
    }

    private static string? Cap(string what, long? rate) => rate is not { } bytes ? null : bytes == 0 ? $"{what} nothing" : $"{what} {Units.FormatSize(bytes)}/s";

    private static void PrintPeers(PeersSumReport peers)
    {
        Line("peers", $"{peers.Alive} alive of {peers.Known} known{(peers.Banned > 0 ? $", {peers.Banned} banned" : "")}; listening on port {peers.Port}{(peers.HasKey ? "" : ", no group key")}");
        Line("", $"{Units.FormatSize(peers.SparedBytes)} spared the uplink, {Units.FormatSize(peers.BytesSent)} given, {Units.FormatSize(peers.FetchedForOthers)} fetched for others, {peers.Duplicates} duplicates");
    }

    private static void PrintSources(StatusReport status)
    {
        Console.Out.WriteLine($"{"source",-12}{"count",12}{"bytes",12}{"share",9}");
        foreach (SourceReport source in status.Sources)
            Console.Out.WriteLine($"{source.Name,-12}{source.Count,12}{(source.Bytes == 0 ? "" : Units.FormatSize(source.Bytes)),12}{source.Percent,7:0.0} %");
        foreach (MirrorReport mirror in status.Mirrors)
            Console.Out.WriteLine($"  {mirror.Url}: {mirror.Requests} requests, {Units.FormatSize(mirror.Bytes)}; {StateOf(mirror)}");
    }

    private static string RetiredText(RetiredReport retired)
    {
        string fate = retired.Gone ? "left the repository and is kept here" : $"is retired since {retired.Since:u}, and its files will leave the mirrors";
        string held = retired.Held ? "all of it is in the cache" : "not all of it is in the cache";
        return $"warning: {retired.Image}@{retired.Version} {fate}: {(retired.Open ? "somebody has it open; " : "")}{held}";
    }

    private static string BootText(BootReport boot)
    {
        string amount = boot.Blocks is { } blocks
            ? $", {boot.Looked} of {blocks} blocks: {boot.Held} held, {boot.Fetched} fetched ahead ({Units.FormatSize(boot.FetchedBytes)}), of which {boot.Used} used"
            : "";
        return $"{boot.Image}@{boot.Version}: {boot.State}{amount}{(boot.Problem is { } problem ? $"; {problem}" : "")}";
    }

    private static string ScrubText(ScrubReport scrub) => scrub.State == "off"
        ? "off"
        : scrub.RoundStarted is not { } started
            ? $"{Units.FormatSize(scrub.Rate)}/s, about to begin"
            : $"{scrub.Percent:0} % of the round of {started:u} at {Units.FormatSize(scrub.Rate)}/s: {scrub.Files} files, {Units.FormatSize(scrub.Bytes)}, {scrub.Damaged} damaged";

    private static string StateOf(MirrorReport mirror)
    {
        string speed = mirror.LatencySeconds is { } latency ? $", {latency * 1000:0.#} ms, {Units.FormatSize((long)mirror.BytesPerSecond)}/s" : "";
        string failures = mirror.Failures.Count == 0 ? "" : $"; {string.Join(", ", mirror.Failures.Select(failure => $"{failure.Value} {failure.Key}"))}";
        return $"{mirror.State}{speed}{failures}{(mirror.LastError is { } last ? $" (last: {last})" : "")}";
    }

    private static void Line(string name, string text) => Console.Out.WriteLine($"{name,-12}{text}");
}
