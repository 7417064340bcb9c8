using System.CommandLine;
using OsCircular.Agent.Output;
using OsCircular.Indexes.Signing;
using OsCircular.Publishing;

namespace OsCircular.Agent.Commands;

/// <summary><c>sign</c>: a new head for the newest manifest, so that its expiry moves on.</summary>
internal static class SignCommand
{
    private sealed record Report(string Repository, long Sequence, DateOnly? LastDay);

    public static Command Create()
    {
        Option<string> repository = CommonOptions.Repository();
        Option<string> key = CommonOptions.Key();
        Option<TimeSpan?> expires = CommonOptions.Time("--expires", "How long the new head may be adopted, such as 30d. Default: for ever.");
        Option<bool> json = CommonOptions.Json();
        Command command = new("sign", "Sign the newest manifest anew: a head with the next sequence and a new expiry.") { repository, key, expires, json };
        command.SetAction(parsed =>
        {
            MinisignSecretKey secret = MinisignSecretKeyFile.Load(parsed.GetRequiredValue(key), () => Password.Ask("Password of the secret key: "));
            SignResult result = new Signer(TimeProvider.System).Sign(parsed.GetRequiredValue(repository), secret, parsed.GetValue(expires));
            if (parsed.GetValue(json)) Console.Out.WriteLine(Json.Write(new Report(result.Repository.ToString(), result.Sequence, result.LastDay)));
            else Console.Out.WriteLine($"signed: sequence {result.Sequence} of repository {result.Repository}{(result.LastDay is { } day ? $", to be adopted until {day:yyyy-MM-dd}" : "")}");
            return 0;
        });
        return command;
    }
}
