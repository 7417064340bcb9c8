using System.CommandLine;
using OsCircular.Agent.Output;
using OsCircular.Indexes.Signing;
using OsCircular.Publishing.Keys;

namespace OsCircular.Agent.Commands;

/// <summary><c>key add</c> and <c>key revoke</c>: which keys may sign a repository's heads.</summary>
internal static class KeyCommand
{
    private sealed record Report(string Repository, long Sequence, string[] Keys, string[] Revoked);

    public static Command Create() => new("key", "Say which keys may sign a repository's heads; hosts follow by themselves.")
    {
        Change(
            "add", "Let another key sign too: a second one, or the next. Hosts that know the first believe it from their next look on.",
            "The other public key: a file, or the key itself.", (keeper, repository, key, other, expires) => keeper.Add(repository, key, other, expires)),
        Change(
            "revoke", "Never again believe a key, lost or stolen. Signed with another of the repository's keys.",
            "The public key to revoke: a file, or the key itself.", (keeper, repository, key, other, expires) => keeper.Revoke(repository, key, other, expires)),
    };

    private static Command Change(string name, string description, string what, Func<KeyKeeper, string, MinisignSecretKey, MinisignPublicKey, TimeSpan?, KeysResult> change)
    {
        Argument<string> other = new("PUBLIC-KEY") { Description = what };
        Option<string> repository = CommonOptions.Repository();
        Option<string> key = CommonOptions.Key();
        Option<TimeSpan?> expires = CommonOptions.Time("--expires", "How long the new head may be adopted, such as 30d. Default: as long as the old one.");
        Option<bool> json = CommonOptions.Json();
        Command command = new(name, description) { other, repository, key, expires, json };
        command.SetAction(parsed =>
        {
            MinisignPublicKey named = MinisignPublicKey.Load(parsed.GetRequiredValue(other));
            MinisignSecretKey secret = MinisignSecretKeyFile.Load(parsed.GetRequiredValue(key), () => Password.Ask("Password of the secret key: "));
            KeysResult result = change(new KeyKeeper(TimeProvider.System), parsed.GetRequiredValue(repository), secret, named, parsed.GetValue(expires));
            if (parsed.GetValue(json))
            {
                Console.Out.WriteLine(Json.Write(new Report(result.Repository.ToString(), result.Sequence, Texts(result.Accepted), Texts(result.Revoked))));
                return 0;
            }

            Console.Out.WriteLine($"signed: sequence {result.Sequence} of repository {result.Repository}");
            foreach (string text in Texts(result.Accepted)) Console.Out.WriteLine($"  may sign  {text}");
            foreach (string text in Texts(result.Revoked)) Console.Out.WriteLine($"  revoked   {text}");
            return 0;
        });
        return command;
    }

    private static string[] Texts(IReadOnlyList<MinisignPublicKey> keys) => [.. keys.Select(key => key.ToString())];
}
