using System.CommandLine;
using System.Security.Cryptography;
using Microsoft.Extensions.Logging;
using OsCircular.Agent.Configuration;
using OsCircular.Agent.Hosting;
using OsCircular.Agent.Output;
using OsCircular.Indexes.Signing;
using OsCircular.Mirrors;
using OsCircular.Publishing;
using OsCircular.Publishing.Mirroring;

namespace OsCircular.Agent.Commands;

/// <summary><c>mirror</c>: copies a repository, incrementally and in the safe order.</summary>
internal static class MirrorCommand
{
    // A copying may wait longer than a reader for a web server that is started again.
    private static readonly MirrorOptions Patient = new() { Grace = TimeSpan.FromMinutes(1) };

    private sealed record Report(
        string Repository, long Sequence, long Before, int Versions, long FetchedFiles, long FetchedBytes, long HadFiles, long HadBytes,
        long FreedFiles, long FreedBytes, DateOnly? LastDay, double Seconds);

    public static Command Create()
    {
        Argument<string> url = new("URL") { Description = "The repository: http, https or file URL, or a folder; another mirror of it will do." };
        Argument<string> folder = new("DIR") { Description = "The copy's folder; made where it is missing." };
        Option<string> publicKey = new("--public-key") { Description = "The publisher's public key: a file, or the key itself.", HelpName = "FILE|KEY", Required = true };
        Option<bool> delete = new("--delete") { Description = "Remove what is gone, after the new head is in place. Default: nothing is removed." };
        Option<int> parallel = new("--parallel") { Description = "Block files fetched at one time.", HelpName = "N", DefaultValueFactory = _ => 16 };
        Option<bool> json = CommonOptions.Json();
        Command command = new("mirror", "Copy a repository: only what is new, verified, the head last.") { url, folder, publicKey, delete, parallel, json };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            CopyOptions options = new()
            {
                Folder = Path.GetFullPath(parsed.GetRequiredValue(folder)),
                Key = MinisignPublicKey.Load(parsed.GetRequiredValue(publicKey)),
                Delete = parsed.GetValue(delete),
                Parallel = parsed.GetValue(parallel),
            };
            options.Check();
            CopyResult result = await RunAsync(parsed.GetRequiredValue(url), options, TimeProvider.System, cancellationToken);
            if (parsed.GetValue(json)) Console.Out.WriteLine(Json.Write(ReportOf(result)));
            else Print(result);
            return 0;
        });
        return command;
    }

    private static async Task<CopyResult> RunAsync(string url, CopyOptions options, TimeProvider time, CancellationToken cancellationToken)
    {
        MirrorOptions mirrors = Patient with { Connections = options.Parallel };
        using AgentLogging logging = new(LogLevel.Warning);
        using AgentMeters meters = new();
        Random random = new(RandomNumberGenerator.GetInt32(int.MaxValue));
        using MirrorSource source = new(
            [MirrorSource.Open(url, mirrors, time)], mirrors, time, random, new MirrorMetrics(meters), logging.Factory.CreateLogger<MirrorSource>());
        TextWriter? terminal = ProgressLine.Terminal;
        Progress<CopyProgress> progress = new(at =>
            terminal?.Write($"\r{at.Fetched.Files} files, {Units.FormatSize(at.Fetched.Bytes)} fetched; {at.Had.Files} were there   "));
        CopyResult result = await new RepositoryCopier(source.Heads[0], new GoodFiles(source, source), time).CopyAsync(options, progress, cancellationToken);
        terminal?.Write($"\r{new string(' ', 70)}\r");
        return result;
    }

    private static Report ReportOf(CopyResult result) => new(
        result.Repository.ToString(), result.Sequence, result.Before, result.Versions, result.Fetched.Files, result.Fetched.Bytes, result.Had.Files, result.Had.Bytes,
        result.Freed.Files, result.Freed.Bytes, result.LastDay, result.Elapsed.TotalSeconds);

    private static void Print(CopyResult result)
    {
        Console.Out.WriteLine(result.Unchanged ? $"up to date: nothing was written ({Units.FormatTime(result.Elapsed)})" : $"copied in {Units.FormatTime(result.Elapsed)}");
        Console.Out.WriteLine($"  fetched  {result.Fetched.Files} files, {Units.FormatSize(result.Fetched.Bytes)}; {result.Had.Files} were there");
        if (result.Freed.Files > 0) Console.Out.WriteLine($"  freed    {result.Freed.Files} files, {Units.FormatSize(result.Freed.Bytes)}");
        string before = result.Before == result.Sequence ? "" : result.Before == 0 ? ", the first" : $", after {result.Before}";
        string until = result.LastDay is { } day ? $", to be adopted until {day:yyyy-MM-dd}" : "";
        Console.Out.WriteLine($"  head     sequence {result.Sequence}{before}, of repository {result.Repository}, {result.Versions} versions{until}");
    }
}
