using System.CommandLine;
using OsCircular.Agent.Configuration;
using OsCircular.Agent.Output;
using OsCircular.Indexes;
using OsCircular.Indexes.Signing;
using OsCircular.Publishing.Collecting;

namespace OsCircular.Agent.Commands;

/// <summary><c>gc</c>: retires old versions, and sweeps what only they needed when their time of grace is over.</summary>
internal static class GcCommand
{
    private sealed record Report(
        string Repository, long Sequence, string[] Retired, string[] Gone, long FreedFiles, long FreedBytes, long WaitingFiles, long WaitingBytes,
        DateTimeOffset? Next, bool DryRun, double Seconds);

    public static Command Create()
    {
        Argument<string> repository = new("REPOSITORY") { Description = "The repository's folder." };
        Option<int> keep = new("--keep") { Description = "How many versions of an image stay on offer, the newest; 1 or more.", HelpName = "N", Required = true };
        Option<string> key = CommonOptions.Key();
        Option<string?> image = new("--image") { Description = "Retire versions of this image only. Default: of every image.", HelpName = "NAME" };
        Option<TimeSpan?> grace = CommonOptions.Time("--grace", "How long a retired version's files stay, for those who still read it. Default: 30d.");
        Option<TimeSpan?> expires = CommonOptions.Time("--expires", "How long the new head may be adopted, such as 30d. Default: as long as the old one.");
        Option<bool> dryRun = new("--dry-run") { Description = "Change nothing; say what would be retired and freed." };
        Option<bool> json = CommonOptions.Json();
        Command command = new("gc", "Retire old versions now, and sweep what only they needed after a time of grace.")
        {
            repository, keep, key, image, grace, expires, dryRun, json,
        };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            CollectOptions options = new()
            {
                RepositoryPath = parsed.GetRequiredValue(repository),
                Keep = parsed.GetRequiredValue(keep),
                Key = MinisignSecretKeyFile.Load(parsed.GetRequiredValue(key), () => Password.Ask("Password of the secret key: ")),
                Image = parsed.GetValue(image) is { } name ? ImageName.Parse(name) : null,
                Grace = parsed.GetValue(grace) ?? CollectOptions.DefaultGrace,
                ExpiresAfter = parsed.GetValue(expires),
                DryRun = parsed.GetValue(dryRun),
            };
            TextWriter? terminal = ProgressLine.Terminal;
            CollectResult result = await new Collector(TimeProvider.System).CollectAsync(
                options, new Progress<FileSum>(freed => terminal?.Write($"\r{freed.Files} files, {Units.FormatSize(freed.Bytes)} freed   ")), cancellationToken);
            terminal?.Write($"\r{new string(' ', 50)}\r");
            if (parsed.GetValue(json)) Console.Out.WriteLine(Json.Write(ReportOf(result)));
            else Print(result, options.Grace);
            return 0;
        });
        return command;
    }

    private static Report ReportOf(CollectResult result) => new(
        result.Repository.ToString(), result.Sequence, [.. result.Retired.Select(version => version.ToString())], [.. result.Gone.Select(version => version.ToString())],
        result.Freed.Files, result.Freed.Bytes, result.Waiting.Files, result.Waiting.Bytes, result.Next, result.DryRun, result.Elapsed.TotalSeconds);

    private static void Print(CollectResult result, TimeSpan grace)
    {
        Console.Out.WriteLine(result.DryRun ? "this would be done (--dry-run: nothing was changed)" : $"collected in {Units.FormatTime(result.Elapsed)}");
        Console.Out.WriteLine($"  retired  {Names(result.Retired, $"; the files stay for another {Units.FormatTime(grace)}")}");
        Console.Out.WriteLine($"  gone     {Names(result.Gone, "")}");
        Console.Out.WriteLine($"  freed    {result.Freed.Files} files, {Units.FormatSize(result.Freed.Bytes)}");
        if (result.Next is { } next)
        {
            string waiting = $"{result.Waiting.Files} files, {Units.FormatSize(result.Waiting.Bytes)}";
            Console.Out.WriteLine($"  waiting  {waiting}, that only retired versions need; run this again after {next:yyyy-MM-dd HH:mm} UTC");
        }

        Console.Out.WriteLine($"  head     sequence {result.Sequence} of repository {result.Repository}");
    }

    private static string Names(IReadOnlyList<VersionReference> versions, string then) =>
        versions.Count == 0 ? "nothing" : string.Join(", ", versions.Take(20)) + (versions.Count > 20 ? $" and {versions.Count - 20} more" : "") + then;
}
