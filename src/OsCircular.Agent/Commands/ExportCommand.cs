using System.CommandLine;
using OsCircular.Agent.Configuration;
using OsCircular.Agent.Output;
using OsCircular.Blocks;
using OsCircular.Indexes;
using OsCircular.Indexes.Signing;
using OsCircular.Library.Carrying;

namespace OsCircular.Agent.Commands;

/// <summary><c>export</c>: versions into one plain tar file, to be carried to where no network leads.</summary>
internal static class ExportCommand
{
    public static Command Create()
    {
        Argument<string> file = new("FILE") { Description = "The file to write; it appears whole, in the place of one of that name." };
        Argument<string[]> names = new("NAME[@VERSION]") { Description = "The images, and which of their versions. Default: the newest.", Arity = ArgumentArity.OneOrMore };
        Option<string?> cache = new("--cache") { Description = "A cache that holds the versions wholly, whether an agent runs there or not.", HelpName = "DIR" };
        Option<string?> repository = new("--repository") { Description = "A repository or a copy of one, instead of a cache; needs --public-key.", HelpName = "DIR" };
        Option<string?> publicKey = CommonOptions.PublicKey();
        Option<string[]> have = new("--have")
        {
            Description = "What the receiver has already, to be left out: NAME@VERSION, an earlier export, a folder, or a list of block files; repeat for several.",
            HelpName = "HOLDINGS",
            AllowMultipleArgumentsPerToken = false,
        };
        Option<bool> json = CommonOptions.Json();
        Command command = new(
            "export", "Write versions of images into one tar file, for hosts without a network. There, `oscircular import` takes it in; unpacked into an empty folder it is a mirror.")
        {
            file, names, cache, repository, publicKey, have, json,
        };
        command.Validators.Add(result =>
        {
            bool isRepository = result.GetValue(repository) is not null;
            if (isRepository == result.GetValue(cache) is not null) result.AddError("give either --cache DIR or --repository DIR");
            else if (isRepository && result.GetValue(publicKey) is null) result.AddError("--public-key is missing: a repository is checked against the publisher's key before it is carried");
        });
        command.SetAction(async (parsed, cancellationToken) =>
        {
            VersionReference[] wanted = [.. parsed.GetRequiredValue(names).Select(VersionReference.Parse)];
            string folder = parsed.GetValue(repository) ?? parsed.GetValue(cache)!;
            if (!Directory.Exists(folder)) throw new UserError($"{folder}: no such folder");
            KeyRing keys = parsed.GetValue(publicKey) is { } given ? KeyRing.Of(MinisignPublicKey.Load(given)) : CacheTrust.Of(folder).Keys;
            Holdings holdings = await Holdings.ReadAsync(parsed.GetValue(have) ?? [], cancellationToken);
            string path = parsed.GetRequiredValue(file);
            ExportResult result;
            using (CarryBar bar = new($"export {Path.GetFileName(path)}", TimeProvider.System))
                result = await new Exporter(folder, keys, TimeProvider.System).ExportAsync(path, wanted, holdings, bar, cancellationToken);
            if (parsed.GetValue(json)) Console.Out.WriteLine(Json.Write(ExportReport.Of(path, result)));
            else Print(path, result);
            return 0;
        });
        return command;
    }

    private static void Print(string path, ExportResult result)
    {
        Console.Out.WriteLine($"exported {string.Join(", ", result.Versions)} to {path}, {Units.FormatSize(result.Length)}");
        Console.Out.WriteLine($"  blocks  {result.Blocks} of {Units.FormatSize(result.BlockBytes)}{LeftOut(result)}");
        Console.Out.WriteLine($"  head    sequence {result.Sequence} of repository {result.Repository}{(result.Expires is { } end ? $", to be imported before {end:yyyy-MM-dd}" : "")}");
    }

    private static string LeftOut(ExportResult result) =>
        result.LeftOut == 0 ? "" : $"; left out, for the receiver has them: {result.LeftOut} of {Units.FormatSize(result.LeftOutBytes)}";
}

/// <summary>What <c>export --json</c> prints. Sizes in bytes.</summary>
internal sealed record ExportReport(
    string File, string Repository, long Sequence, DateTimeOffset? Expires, IReadOnlyList<string> Versions,
    int Documents, long Blocks, long BlockBytes, long LeftOut, long LeftOutBytes, long Length)
{
    public static ExportReport Of(string file, ExportResult result) => new(
        file, result.Repository.ToString(), result.Sequence, result.Expires, [.. result.Versions.Select(version => version.ToString())],
        result.Documents, result.Blocks, result.BlockBytes, result.LeftOut, result.LeftOutBytes, result.Length);
}

/// <summary>An export's or import's progress as a bar.</summary>
internal sealed class CarryBar(string what, TimeProvider time) : IProgress<CarryProgress>, IDisposable
{
    private readonly ProgressLine _line = new(what, time, ProgressLine.Terminal);

    public void Report(CarryProgress value) => _line.Report(value.Done, value.Total);

    public void Dispose() => _line.Dispose();
}
