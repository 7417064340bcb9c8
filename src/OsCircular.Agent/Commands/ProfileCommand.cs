using System.CommandLine;
using OsCircular.Agent.Configuration;
using OsCircular.Agent.Control;
using OsCircular.Agent.Output;
using OsCircular.Blocks;
using OsCircular.Indexes;
using OsCircular.Library.Pins;
using OsCircular.Sources;

namespace OsCircular.Agent.Commands;

/// <summary><c>profile</c>: records the blocks that a guest reads while it boots, and shows what was recorded.</summary>
internal static class ProfileCommand
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan DefaultQuiet = TimeSpan.FromSeconds(30);

    /// <summary>Blocks, and ranges, that <c>show</c> prints.</summary>
    private const int Shown = 8;

    public static Command Create() =>
        new("profile", "Record which blocks a guest reads while it boots, so that hosts on a slow line fetch them ahead of it.")
        {
            CreateRecord(), CreateShow(),
        };

    private static Command CreateRecord()
    {
        Argument<string> name = new("NAME[@VERSION]") { Description = "The image, and which of its versions. Default: the newest." };
        Option<string> cache = new("--cache") { Description = "The cache's directory.", HelpName = "DIR", Required = true };
        Option<string?> @out = new("--out") { Description = "Write the profile here, for publish --profile.", HelpName = "FILE" };
        Option<TimeSpan?> quiet = CommonOptions.Time("--quiet", "The boot is over when nothing new was read for so long. Default: 30s.");
        Option<bool> fresh = new("--fresh") { Description = "Forget the runs recorded before." };
        Option<bool> json = CommonOptions.Json();
        Command command = new(
            "record",
            "Record one boot: run this, then boot one guest. It ends when the guest has gone quiet, or on Ctrl-C. Each run is kept with those before, and the "
            + "profile is what recurs in more than half of them: record two or three. What the host's page cache answers is not seen; it is emptied of the "
            + "version when recording begins, so let nobody else read it meanwhile.")
        {
            name, cache, @out, quiet, fresh, json,
        };
        command.SetAction((parsed, cancellationToken) =>
        {
            TimeSpan enough = parsed.GetValue(quiet) ?? DefaultQuiet;
            if (enough < TimeSpan.FromSeconds(1) || enough > TimeSpan.FromHours(1)) throw new UserError("--quiet: give 1s to 1h", UserError.WrongUsage);
            VersionReference version = VersionReference.Parse(parsed.GetRequiredValue(name));
            RecordArguments what = new(version, parsed.GetRequiredValue(cache), parsed.GetValue(@out), enough, parsed.GetValue(fresh));
            return RecordAsync(what, parsed.GetValue(json), TimeProvider.System, cancellationToken);
        });
        return command;
    }

    private static Command CreateShow()
    {
        Argument<string> file = new("FILE") { Description = "A profile, as 'profile record --out' wrote it or a repository has it." };
        Option<long?> blockSize = CommonOptions.Size("--block-size", "That of the image, to say how many bytes it is. Default: 256KiB.");
        Option<bool> json = CommonOptions.Json();
        Command command = new("show", "Say what a profile names.") { file, blockSize, json };
        command.SetAction(parsed =>
        {
            long size = parsed.GetValue(blockSize) ?? BlockGeometry.DefaultBlockSize;
            if (!BlockGeometry.IsValidBlockSize(size))
                throw new UserError($"--block-size: {Units.FormatSize(size)} is no block size; give a power of two from 64KiB to 4MiB", UserError.WrongUsage);
            Show(parsed.GetRequiredValue(file), (int)size, parsed.GetValue(json));
            return 0;
        });
        return command;
    }

    private static async Task<int> RecordAsync(RecordArguments what, bool json, TimeProvider time, CancellationToken cancellationToken)
    {
        RecordingReport at = await AskAsync(what, HttpMethod.Post, cancellationToken);
        VersionReference version = new(ImageName.Parse(at.Image), VersionName.Parse(at.Version));
        what = what with { Version = version };
        Console.Error.WriteLine($"recording {version}: boot it now; this ends when nothing new is read for {Units.FormatTime(what.Quiet)}, or on Ctrl-C");
        try
        {
            while (!at.HasEnded)
            {
                await Task.Delay(Interval, time, cancellationToken);
                at = await AskAsync(what, HttpMethod.Get, cancellationToken);
            }
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // Told to stop: what was noted so far is the run.
            at = await AskAsync(what, HttpMethod.Delete, CancellationToken.None);
        }

        if (at.Profile is not { } blocks) throw new UserError($"{version}: no run was recorded: {at.Problem ?? "the agent does not say why"}");
        if (what.Out is { } path) await WriteAsync(path, new BootProfile(blocks).ToBytes());
        if (json)
        {
            Console.Out.WriteLine(Json.Write(at));
            return 0;
        }

        string after = Units.FormatTime(TimeSpan.FromSeconds(at.Seconds));
        Console.Out.WriteLine($"recorded {version}: {at.Blocks} blocks, the last of them first read after {after}");
        string runs = at.Runs == 1 ? "of 1 run; record one or two more to leave out what only chance read" : $"that recur in more than half of {at.Runs} runs";
        Console.Out.WriteLine($"  profile  {blocks.Count} blocks, {runs}");
        Console.Out.WriteLine(what.Out is { } written
            ? $"  written  {written}; publish it with: oscircular publish IMAGE --name {at.Image} --profile {written} ..."
            : "  written  nowhere; give --out FILE for a file to publish with the image");
        return 0;
    }

    private static async Task<RecordingReport> AskAsync(RecordArguments what, HttpMethod order, CancellationToken cancellationToken)
    {
        string begin = order == HttpMethod.Post ? ProfileRequests.Query(what.Quiet, what.Fresh) : "";
        string query = PinRequests.Query(new Pin(what.Version, ProfileOnly: false)) + begin;
        return await ControlClient.RecordAsync(Path.GetFullPath(what.Cache), order, query, cancellationToken)
            ?? throw new UserError($"no agent runs on {what.Cache}; start one with: oscircular mount DIR --cache {what.Cache} ...");
    }

    // Whole or not at all, beside where it is to be.
    private static async Task WriteAsync(string path, byte[] bytes)
    {
        string temporary = $"{path}.{Environment.ProcessId}.tmp";
        try
        {
            await File.WriteAllBytesAsync(temporary, bytes);
            File.Move(temporary, path, overwrite: true);
        }
        catch (Exception cause) when (cause is IOException or UnauthorizedAccessException)
        {
            File.Delete(temporary);
            throw new UserError($"the run is kept, but {path} could not be written ({cause.Message.TrimEnd('.')}); record once more with another --out", cause);
        }
    }

    private static void Show(string path, int blockSize, bool json)
    {
        ProfileReport report = ProfileReport.Of(Load(path), blockSize);
        if (json)
        {
            Console.Out.WriteLine(Json.Write(report));
            return;
        }

        Console.Out.WriteLine($"{path}: {report.Blocks} blocks, {Units.FormatSize(report.Bytes)} of disk in blocks of {Units.FormatSize(blockSize)}");
        if (report.Blocks == 0) return;
        ProfileRange[] longest = [.. report.Ranges.OrderByDescending(range => range.Last - range.First).ThenBy(range => range.First).Take(Shown)];
        Console.Out.WriteLine($"  first    {string.Join(", ", report.Order.Take(Shown))}{(report.Blocks > Shown ? ", ..." : "")}");
        Console.Out.WriteLine($"  ranges   {report.Ranges.Count}, the longest {string.Join(", ", longest.Select(Text))}");
    }

    private static string Text(ProfileRange range) => range.First == range.Last ? $"{range.First}" : $"{range.First}-{range.Last}";

    private static BootProfile Load(string path)
    {
        FileInfo info = new(path);
        if (!info.Exists) throw new UserError($"{path}: no such file");
        bool mayBe = info.Length <= new DocumentName(DocumentKind.Profile, default).MaxLength;
        return mayBe && BootProfile.TryParse(File.ReadAllBytes(path), long.MaxValue, out BootProfile? profile)
            ? profile
            : throw new UserError($"{path}: no profile of format {BootProfile.Format}; make one with: oscircular profile record");
    }

    private sealed record RecordArguments(VersionReference Version, string Cache, string? Out, TimeSpan Quiet, bool Fresh);
}
