using System.CommandLine;
using Microsoft.Extensions.Logging;
using OsCircular.Agent.Configuration;
using OsCircular.Agent.Output;
using OsCircular.Agent.Verifying;
using OsCircular.Blocks;
using OsCircular.Indexes.Signing;
using OsCircular.Publishing;

namespace OsCircular.Agent.Commands;

/// <summary>
/// <c>verify</c>: every file of a repository or cache against its name, every index against its blocks; with <c>--repair</c>, what is damaged is put back. Exit
/// code 3 where damage is left.
/// </summary>
internal static class VerifyCommand
{
    public static Command Create()
    {
        Argument<string> path = new("PATH") { Description = "A repository or a cache." };
        Option<string?> publicKey = CommonOptions.PublicKey();
        Option<bool> repair = new("--repair")
        {
            Description = "Put back what is damaged: from --from, or, in a cache that an agent runs on, from its mirrors and peers. "
                + "What cannot be had is set aside in a cache.",
        };
        Option<string?> from = new("--from") { Description = "Where good files are: a mirror's URL, a copy's folder, or the disk image that was published.", HelpName = "URL|DIR|IMAGE" };
        Option<bool> json = CommonOptions.Json();
        Command command = new("verify", "Check every file of a repository or a cache, and every index against its blocks.") { path, publicKey, repair, from, json };
        command.Validators.Add(result =>
        {
            if (result.GetValue(from) is not null && !result.GetValue(repair)) result.AddError("--from says where to repair from: give --repair too");
        });
        command.SetAction(async (parsed, cancellationToken) =>
        {
            MinisignPublicKey? key = parsed.GetValue(publicKey) is { } given ? MinisignPublicKey.Load(given) : null;
            string folder = Path.GetFullPath(parsed.GetRequiredValue(path));
            return parsed.GetValue(repair)
                ? await RepairAsync(folder, key, parsed.GetValue(from), parsed.GetValue(json), cancellationToken)
                : await VerifyAsync(folder, key, parsed.GetValue(json), cancellationToken);
        });
        return command;
    }

    private static async Task<int> VerifyAsync(string path, MinisignPublicKey? key, bool json, CancellationToken cancellationToken)
    {
        VerifyResult result = await ShowingProgressAsync(progress => new RepositoryVerifier(TimeProvider.System).VerifyAsync(path, key, progress, cancellationToken));
        if (json) Console.Out.WriteLine(Json.Write(result));
        else Print(result);
        return result.IsGood ? 0 : UserError.DamageFound;
    }

    private static async Task<int> RepairAsync(string path, MinisignPublicKey? key, string? from, bool json, CancellationToken cancellationToken)
    {
        using AgentLogging logging = new(LogLevel.Warning);
        using RepairSource source = new(from, TimeProvider.System, logging.Factory);
        if (!RepositoryVerifier.IsCache(path) && !source.IsSet)
            throw new UserError("--from is missing: name a mirror, a copy or the disk image that the repository is to be repaired from", UserError.WrongUsage);
        RepairResult result = await ShowingProgressAsync(progress => RepositoryVerifier.IsCache(path)
            ? new CacheRepair(path, key, source, TimeProvider.System, logging.Factory).RunAsync(progress, cancellationToken)
            : new RepositoryRepairer(survey => Task.Run(() => source.For(survey, cancellationToken)), TimeProvider.System).RepairAsync(path, key, progress, cancellationToken));
        if (json)
        {
            Console.Out.WriteLine(Json.Write(result));
        }
        else
        {
            string removed = RepositoryVerifier.IsCache(path) ? "set aside, to be fetched when they are read" : "removed, for nothing needs them";
            if (!result.Found.IsGood) Console.Out.WriteLine($"{Sum(result.Found)}: {result.Repaired} repaired, {result.Removed} {removed}");
            Print(result.Left);
        }

        return result.Left.IsGood ? 0 : UserError.DamageFound;
    }

    private static async Task<T> ShowingProgressAsync<T>(Func<IProgress<VerifyProgress>, Task<T>> run)
    {
        TextWriter? terminal = ProgressLine.Terminal;
        T result = await run(new Progress<VerifyProgress>(at => terminal?.Write($"\r{at.Files} files, {Units.FormatSize(at.Bytes)}   ")));
        terminal?.Write($"\r{new string(' ', 40)}\r");
        return result;
    }

    private static void Print(VerifyResult result)
    {
        foreach (Damage damage in result.Damage) Console.Out.WriteLine(damage);
        if (result.DamageCount > result.Damage.Count) Console.Out.WriteLine($"... and {result.DamageCount - result.Damage.Count} more");
        foreach (AffectedVersion version in result.Affected)
            Console.Out.WriteLine($"{version.Version} is not whole: {version.Blocks} of its blocks and {version.Pages} of its index pages are damaged or missing");
        string signature = result.Signature ? "signature good" : "signature not checked (give --public-key)";
        Console.Out.WriteLine($"{(result.IsGood ? "good" : Sum(result))}: {result.Versions} versions, {result.Blocks} block files ({result.UnusedBlocks} not needed), {result.Documents} documents, {Units.FormatSize(result.Bytes)} in {Units.FormatTime(result.Elapsed)}; {signature}");
    }

    private static string Sum(VerifyResult result)
    {
        long damaged = result.DamageCount - result.Missing - result.Foreign;
        string[] parts = [damaged > 0 ? $"{damaged} damaged" : "", result.Missing > 0 ? $"{result.Missing} missing" : "", result.Foreign > 0 ? $"{result.Foreign} foreign" : ""];
        return string.Join(", ", parts.Where(part => part.Length > 0));
    }
}
