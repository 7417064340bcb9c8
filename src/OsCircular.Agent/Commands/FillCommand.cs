using System.CommandLine;
using OsCircular.Agent.Configuration;
using OsCircular.Agent.Control;
using OsCircular.Agent.Output;
using OsCircular.Blocks;
using OsCircular.Indexes;
using OsCircular.Library.Pins;

namespace OsCircular.Agent.Commands;

/// <summary><c>fill</c>: has the agent that runs on a cache fetch all of a version.</summary>
internal static class FillCommand
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(200);

    /// <summary>Who waits is told after this long that nothing comes; the agent goes on trying. Longer than any block of a slow line takes.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromMinutes(10);

    public static Command Create()
    {
        Argument<string> name = new("NAME[@VERSION]") { Description = "The image, and which of its versions. Default: the newest." };
        Option<string> cache = new("--cache") { Description = "The cache's directory.", HelpName = "DIR", Required = true };
        Option<bool> profile = new("--profile") { Description = "Only the blocks that a guest touches while it boots, where the publisher recorded them." };
        Option<bool> wait = new("--wait") { Description = "Wait until all of it is held." };
        Option<bool> stop = new("--stop") { Description = "Stop filling with that version; what has come in is kept." };
        Option<bool> json = CommonOptions.Json();
        Command command = new(
            "fill",
            "Have the agent on a cache fetch all of a version, behind those who read. It goes on until all is held or the agent ends, and is not taken up again by the next one. "
            + "What was filled stays until its room is needed; to have it stay, and be filled again after a restart, pin it.")
        {
            name, cache, profile, wait, stop, json,
        };
        command.Validators.Add(result =>
        {
            if (result.GetValue(wait) && result.GetValue(stop)) result.AddError("give --wait or --stop, not both");
        });
        command.SetAction((parsed, cancellationToken) =>
        {
            Pin what = new(VersionReference.Parse(parsed.GetRequiredValue(name)), parsed.GetValue(profile));
            HttpMethod order = parsed.GetValue(stop) ? HttpMethod.Delete : HttpMethod.Post;
            return RunAsync(parsed.GetRequiredValue(cache), what, order, parsed.GetValue(wait), parsed.GetValue(json), TimeProvider.System, cancellationToken);
        });
        return command;
    }

    /// <summary>How far one is, for <c>status</c> and for the result.</summary>
    public static string Text(FillReport fill)
    {
        string amount = fill is { BytesTotal: { } bytes, BlocksTotal: { } blocks }
            ? $"{Units.FormatSize(fill.BytesDone)} of {Units.FormatSize(bytes)} in {fill.BlocksDone} of {blocks} blocks"
            : $"{fill.BlocksDone} blocks so far";
        return $"{fill.Image}@{fill.Version}{(fill.Profile ? " (profile)" : "")}: {fill.State}, {amount}{(fill.Problem is { } problem ? $"; {problem}" : "")}";
    }

    private static async Task<int> RunAsync(
        string cache, Pin what, HttpMethod order, bool wait, bool json, TimeProvider time, CancellationToken cancellationToken)
    {
        FillReport fill = await AskAsync(cache, order, what, cancellationToken);
        if (wait) fill = await WaitAsync(cache, fill, time, cancellationToken);
        Console.Out.WriteLine(json ? Json.Write(fill) : Text(fill));
        if (!wait || fill.State == "done") return 0;
        throw new UserError(fill.HasEnded
            ? $"{fill.Image}@{fill.Version} is not all held: {fill.Problem ?? "the filling was stopped"}"
            : $"{fill.Image}@{fill.Version} is not all held, and nothing came for {Units.FormatTime(Patience)}: {fill.Problem ?? "it waits"}; the agent goes on trying");
    }

    private static async Task<FillReport> WaitAsync(string cache, FillReport fill, TimeProvider time, CancellationToken cancellationToken)
    {
        Pin version = new(new VersionReference(ImageName.Parse(fill.Image), VersionName.Parse(fill.Version)), fill.Profile);
        using ProgressLine line = new($"{version}", time, ProgressLine.Terminal);
        while (!fill.HasEnded)
        {
            // One that waits for its turn is not what nothing comes for.
            if (fill.State != "waiting" && fill.QuietSeconds > Patience.TotalSeconds) break;
            await Task.Delay(Interval, time, cancellationToken);
            fill = await AskAsync(cache, HttpMethod.Get, version, cancellationToken);
            if (fill.BytesTotal is > 0 and { } total) line.Report(fill.BytesDone, total);
        }

        return fill;
    }

    private static async Task<FillReport> AskAsync(string cache, HttpMethod order, Pin what, CancellationToken cancellationToken) =>
        await ControlClient.FillAsync(Path.GetFullPath(cache), order, what, cancellationToken)
        ?? throw new UserError(
            $"no agent runs on {cache}, and only an agent fills: start one with: oscircular mount DIR --cache {cache} ..., or have the next one fill it with: oscircular pin {what.Arguments} --cache {cache}");
}
