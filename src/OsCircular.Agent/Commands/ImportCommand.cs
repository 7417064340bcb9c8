using System.CommandLine;
using Microsoft.Extensions.Logging;
using OsCircular.Agent.Configuration;
using OsCircular.Agent.Control;
using OsCircular.Agent.Output;
using OsCircular.Blocks;
using OsCircular.Cache;
using OsCircular.Indexes.Signing;
using OsCircular.Library;
using OsCircular.Library.Carrying;
using OsCircular.Sources;

namespace OsCircular.Agent.Commands;

/// <summary><c>import</c>: what <c>export</c> wrote, into a cache: by the agent that runs there, else under the cache's lock. Exit code 3 where the file is damaged.</summary>
internal static class ImportCommand
{
    public static Command Create()
    {
        Argument<string> file = new("FILE") { Description = "What `oscircular export` wrote." };
        Option<string> cache = new("--cache") { Description = "The cache's directory; made if absent.", HelpName = "DIR", Required = true };
        Option<string?> publicKey = CommonOptions.PublicKey();
        Option<bool> allowExpired = new("--allow-expired") { Description = "Adopt its head even if that has expired. Once adopted, a head is used for ever." };
        Option<long?> quota = CommonOptions.Size("--quota", "How much the cache may hold. Where an agent runs, its own counts. Default: 90 % of its file system.");
        Option<bool> json = CommonOptions.Json();
        Command command = new(
            "import",
            "Take what `oscircular export` wrote into a cache. Every file is verified; what is held already is passed over, so run it again after it was stopped. "
            + "Damaged files are named and left out (exit code 3); another copy, mirrors or peers may supply them.")
        {
            file, cache, publicKey, allowExpired, quota, json,
        };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            string path = Path.GetFullPath(parsed.GetRequiredValue(file)), folder = Path.GetFullPath(parsed.GetRequiredValue(cache));
            if (!File.Exists(path)) throw new UserError($"{path}: no such file");
            CacheOptions options = new() { Quota = parsed.GetValue(quota) };
            if (options.Validate() is [{ } fault, ..]) throw new UserError(fault, UserError.WrongUsage);
            MinisignPublicKey? key = parsed.GetValue(publicKey) is { } given ? MinisignPublicKey.Load(given) : null;
            ImportOrder order = new(path, key?.ToString(), parsed.GetValue(allowExpired));
            ImportResult result;
            using (CarryBar bar = new($"import {Path.GetFileName(path)}", TimeProvider.System))
            {
                // Where there is no folder yet, there is no agent.
                ImportResult? byAgent = Directory.Exists(folder) ? await ControlClient.ImportAsync(folder, order, bar, cancellationToken) : null;
                if (byAgent is not null && options.Quota is not null) Console.Error.WriteLine("oscircular: the agent's own --quota counts, not the one given here");
                result = byAgent ?? await ImportAsync(folder, options, order, key ?? CacheTrust.Of(folder).Key, bar, TimeProvider.System, cancellationToken);
            }

            if (parsed.GetValue(json)) Console.Out.WriteLine(Json.Write(result));
            else Print(path, result);
            return result.IsGood ? 0 : UserError.DamageFound;
        });
        return command;
    }

    private static async Task<ImportResult> ImportAsync(
        string folder, CacheOptions options, ImportOrder order, MinisignPublicKey key, IProgress<CarryProgress> progress, TimeProvider time, CancellationToken cancellationToken)
    {
        using AgentLogging logging = new(LogLevel.Warning);
        await using BlockCache cache = BlockCache.Open(folder, options, isPinned: _ => false, time, logging.Factory.CreateLogger<BlockCache>());
        using HeadLibrary library = await HeadLibrary.OpenAsync(
            key, cache.Directory.Head, cache.Directory.State(Trust.FileName, Trust.MaxLength), new CachedDocumentSource(cache.Documents, new NowhereSource()), [], time,
            logging.Factory.CreateLogger<HeadLibrary>(), cancellationToken);
        using Importer importer = new(new ImportParts(cache, library, key, time), logging.Factory.CreateLogger<Importer>());
        return await importer.ImportAsync(order.File, order.AllowExpired, progress, cancellationToken);
    }

    private static void Print(string path, ImportResult result)
    {
        foreach (string damaged in result.Damaged) Console.Out.WriteLine($"{damaged}: is damaged in {path}");
        if (result.DamagedCount > result.Damaged.Count) Console.Out.WriteLine($"... and {result.DamagedCount - result.Damaged.Count} more");
        if (result.Gaps > 0) Console.Out.WriteLine($"{path}: at {result.Gaps} places not even a file's name can be made out");
        if (result.FailedReads > 0)
            Console.Out.WriteLine($"{path}: its medium failed {result.FailedReads} reads; what it yields is taken, bring another copy for the rest");
        if (result.IsCut) Console.Out.WriteLine($"{path}: ends too early, it was not copied wholly");
        Console.Out.WriteLine($"imported {result.Blocks} blocks of {Units.FormatSize(result.BlockBytes)} from {path}; {result.Held} were held before");
        foreach (ImportedVersion version in result.Versions) Console.Out.WriteLine($"  {version.Image}@{version.Version}  {StateOf(version)}");
        Console.Out.WriteLine($"  head  sequence {result.Sequence} of repository {result.Repository}, {HeadOf(result)}");
    }

    private static string StateOf(ImportedVersion version) => version switch
    {
        { IsWhole: true } => $"all held, {Units.FormatSize(version.StoredBytes)}",
        { IsIndexWhole: true } =>
            $"lacks {version.MissingBlocks} blocks of {Units.FormatSize(version.MissingBytes)}, which are not in this file, or damaged: import another, or have mirrors or peers supply them",
        _ => $"lacks pages of its index, and {version.MissingBlocks} blocks or more: import another copy, or have mirrors or peers supply them",
    };

    private static string HeadOf(ImportResult result) => result.Head switch
    {
        CarriedHead.Adopted => "adopted",
        CarriedHead.Known => "adopted before",
        CarriedHead.Older => "older than what was adopted before, which stays",
        _ => $"not adopted yet: it {result.HeadProblem}",
    };
}
