using System.CommandLine;
using OsCircular.Agent.Configuration;
using OsCircular.Agent.Control;
using OsCircular.Agent.Output;
using OsCircular.Blocks;
using OsCircular.Cache;
using OsCircular.Indexes;
using OsCircular.Library.Pins;

namespace OsCircular.Agent.Commands;

/// <summary><c>pin</c> and <c>unpin</c>: what is to stay in a cache. Told to the agent that runs on it, else written down for the next one.</summary>
internal static class PinCommand
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(200);

    public static Command Create()
    {
        Argument<string> name = new("NAME[@VERSION]") { Description = "The image, whose newest version then stays, whichever that is; or one of its versions." };
        Option<string> cache = new("--cache") { Description = "The cache's directory.", HelpName = "DIR", Required = true };
        Option<bool> profile = new("--profile") { Description = "Only the blocks that a guest touches while it boots, where the publisher recorded them." };
        Option<bool> wait = new("--wait") { Description = "Wait until all of it is held." };
        Option<bool> json = CommonOptions.Json();
        Command command = new(
            "pin",
            "Have a version stay in a cache: its agent brings in what is missing, behind those who read and again after every restart, and never evicts it. "
            + "Refused where the quota has not room for all of it. Where no agent runs, the next one does so.")
        {
            name, cache, profile, wait, json,
        };
        command.SetAction((parsed, cancellationToken) => PinAsync(
            parsed.GetRequiredValue(cache), new Pin(VersionReference.Parse(parsed.GetRequiredValue(name)), parsed.GetValue(profile)), parsed.GetValue(wait), parsed.GetValue(json),
            TimeProvider.System, cancellationToken));
        return command;
    }

    public static Command CreateUnpin()
    {
        Argument<string> name = new("NAME[@VERSION]") { Description = "As it was pinned." };
        Option<string> cache = new("--cache") { Description = "The cache's directory.", HelpName = "DIR", Required = true };
        Option<bool> profile = new("--profile") { Description = "It was pinned with --profile." };
        Option<bool> json = CommonOptions.Json();
        Command command = new("unpin", "Take a pin back: what it kept stays until its room is needed.") { name, cache, profile, json };
        command.SetAction((parsed, cancellationToken) => UnpinAsync(
            parsed.GetRequiredValue(cache), new Pin(VersionReference.Parse(parsed.GetRequiredValue(name)), parsed.GetValue(profile)), parsed.GetValue(json), cancellationToken));
        return command;
    }

    /// <summary>Where a pin stands, for <c>status</c> and for the result.</summary>
    public static string Text(PinReport pin, string verb = "")
    {
        string name = $"{pin.Image}{(pin.Version is { } version ? $"@{version}" : "")}{(pin.Profile ? " (profile)" : "")}";
        string meant = pin.Next ?? pin.Keeps ?? "";
        string amount = pin.Fill is { BytesTotal: { } total, HasEnded: false } fill ? $", {Units.FormatSize(fill.BytesDone)} of {Units.FormatSize(total)}" : "";
        string old = pin.Next is null ? "" : $"; {pin.Keeps} stays until then";
        string state = pin.State switch
        {
            null => "no agent runs, so the next one fills it",
            "held" => $"{meant} is held",
            "filling" => $"{meant} is being filled{amount}{old}",
            _ => meant.Length == 0 ? "waiting" : $"{meant} is to be filled{amount}{old}",
        };
        string? problem = pin.Problem ?? pin.Fill?.Problem;
        return $"{name}{verb}: {state}{(problem is null || (pin.Problem is null && pin.State == "held") ? "" : $"; {problem}")}";
    }

    private static async Task<int> PinAsync(string cache, Pin pin, bool wait, bool json, TimeProvider time, CancellationToken cancellationToken)
    {
        PinReport? report = await ControlClient.PinAsync(Path.GetFullPath(cache), HttpMethod.Post, pin, cancellationToken);
        if (report is null && wait) throw new UserError($"no agent runs on {cache}, so there is nothing to wait for: pin without --wait, or start one with: oscircular mount DIR --cache {cache} ...");
        report ??= await RecordAsync(cache, pin, cancellationToken);
        if (wait) report = await WaitAsync(cache, pin, report, time, cancellationToken);
        Console.Out.WriteLine(json ? Json.Write(report) : Text(report, " is pinned"));
        if (wait && report.State != "held") throw new UserError($"{pin} is not all held, and nothing came for {Units.FormatTime(FillCommand.Patience)}; the agent goes on trying");
        return 0;
    }

    private static async Task<int> UnpinAsync(string cache, Pin pin, bool json, CancellationToken cancellationToken)
    {
        PinReport report = await ControlClient.PinAsync(Path.GetFullPath(cache), HttpMethod.Delete, pin, cancellationToken) ?? Forget(cache, pin);
        Console.Out.WriteLine(json ? Json.Write(report) : $"{pin} is not pinned any more; what is held of it stays until its room is needed");
        return 0;
    }

    private static async Task<PinReport> WaitAsync(string cache, Pin pin, PinReport report, TimeProvider time, CancellationToken cancellationToken)
    {
        using ProgressLine line = new($"{pin}", time, ProgressLine.Terminal);
        while (report.State != "held" && !(report.Fill is { State: not "waiting" } fill && fill.QuietSeconds > FillCommand.Patience.TotalSeconds))
        {
            await Task.Delay(Interval, time, cancellationToken);
            report = await ControlClient.PinAsync(Path.GetFullPath(cache), HttpMethod.Get, pin, cancellationToken)
                ?? throw new UserError($"the agent on {cache} ended meanwhile; the next one goes on, for {pin} stays pinned");
            if (report.Fill is { BytesTotal: > 0 and { } total } now) line.Report(now.BytesDone, total);
        }

        return report;
    }

    // Under the cache's lock. Whether the quota has room, only an agent knows, for it is the agent's setting.
    private static async Task<PinReport> RecordAsync(string cache, Pin pin, CancellationToken cancellationToken)
    {
        string directory = Path.GetFullPath(cache);
        Manifest manifest = await ListCommand.NewestAsync([directory], CacheTrust.Of(directory).Keys, TimeProvider.System, cancellationToken);
        if (PinRule.Target(pin, kept: null, manifest) is not { } version) throw new UserError($"{pin} is not on offer; see: oscircular list --cache {cache}");
        Change(directory, pins => pins.Any(entry => entry.Pin == pin)
            ? pins
            : pins.Count < PinBook.MaxPins ? [.. pins, new PinEntry(pin, Kept: null)] : throw new UserError($"{PinBook.MaxPins} pins are the most for one cache; unpin something first"));
        return PinReport.Recorded(pin, version.Name.ToString());
    }

    private static PinReport Forget(string cache, Pin pin)
    {
        string directory = Path.GetFullPath(cache);
        if (!File.Exists(Path.Combine(directory, "agent", CacheDirectory.PinsFile))) throw PinKeeper.NotPinned(pin, []);
        Change(directory, pins => pins.Any(entry => entry.Pin == pin) ? [.. pins.Where(entry => entry.Pin != pin)] : throw PinKeeper.NotPinned(pin, pins.Select(entry => entry.Pin)));
        return PinReport.Recorded(pin, keeps: null);
    }

    private static void Change(string directory, Func<IReadOnlyList<PinEntry>, IReadOnlyList<PinEntry>> change)
    {
        using CacheDirectory locked = CacheDirectory.Open(directory);
        StateFile file = PinBook.FileOf(locked);
        PinBook.Save(file, change(PinBook.Load(file)));
    }
}
