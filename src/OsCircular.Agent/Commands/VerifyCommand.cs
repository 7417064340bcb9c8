using System.CommandLine;
using OsCircular.Agent.Configuration;
using OsCircular.Agent.Output;
using OsCircular.Blocks;
using OsCircular.Indexes.Signing;
using OsCircular.Publishing;

namespace OsCircular.Agent.Commands;

/// <summary><c>verify</c>: every file of a repository or cache against its name, every index against its blocks. Exit code 3 where it finds damage.</summary>
internal static class VerifyCommand
{
    public static Command Create()
    {
        Argument<string> path = new("PATH") { Description = "A repository or a cache." };
        Option<string?> publicKey = CommonOptions.PublicKey();
        Option<bool> json = CommonOptions.Json();
        Command command = new("verify", "Check every file of a repository or a cache, and every index against its blocks.") { path, publicKey, json };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            MinisignPublicKey? key = parsed.GetValue(publicKey) is { } given ? MinisignPublicKey.Load(given) : null;
            VerifyResult result = await RunAsync(parsed.GetRequiredValue(path), key, cancellationToken);
            if (parsed.GetValue(json)) Console.Out.WriteLine(Json.Write(result));
            else Print(result);
            return result.IsGood ? 0 : UserError.DamageFound;
        });
        return command;
    }

    private static async Task<VerifyResult> RunAsync(string path, MinisignPublicKey? key, CancellationToken cancellationToken)
    {
        TextWriter? terminal = ProgressLine.Terminal;
        Progress<VerifyProgress> progress = new(at => terminal?.Write($"\r{at.Files} files, {Units.FormatSize(at.Bytes)}   "));
        VerifyResult result = await new RepositoryVerifier(TimeProvider.System).VerifyAsync(path, key, progress, cancellationToken);
        terminal?.Write($"\r{new string(' ', 40)}\r");
        return result;
    }

    private static void Print(VerifyResult result)
    {
        foreach (Damage damage in result.Damage) Console.Out.WriteLine(damage);
        if (result.DamageCount > result.Damage.Count) Console.Out.WriteLine($"... and {result.DamageCount - result.Damage.Count} more");
        string signature = result.Signature ? "signature good" : "signature not checked (give --public-key)";
        Console.Out.WriteLine($"{(result.IsGood ? "good" : $"{result.DamageCount} damaged or missing")}: {result.Versions} versions, {result.Blocks} block files ({result.UnusedBlocks} not needed), {result.Documents} documents, {Units.FormatSize(result.Bytes)} in {Units.FormatTime(result.Elapsed)}; {signature}");
    }
}
