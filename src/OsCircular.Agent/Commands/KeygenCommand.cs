using System.CommandLine;
using OsCircular.Agent.Output;
using OsCircular.Blocks;
using OsCircular.Indexes.Signing;

namespace OsCircular.Agent.Commands;

/// <summary><c>keygen</c>: a key pair in minisign's formats.</summary>
internal static class KeygenCommand
{
    private sealed record Report(string SecretKey, string PublicKey, string Key, string KeyId);

    public static Command Create()
    {
        Option<string> output = new("--out") { Description = "The secret key file to write; the public key goes beside it as FILE.pub.", HelpName = "FILE", Required = true };
        Option<bool> noPassword = new("--no-password") { Description = "Write the secret key without a password." };
        Option<bool> json = CommonOptions.Json();
        Command command = new("keygen", "Make a publisher's key pair, in minisign's formats.") { output, noPassword, json };
        command.SetAction(parsed => Run(parsed.GetRequiredValue(output), parsed.GetValue(noPassword), parsed.GetValue(json)));
        return command;
    }

    private static int Run(string path, bool noPassword, bool json)
    {
        string publicPath = path + ".pub";
        if (File.Exists(publicPath)) throw new UserError($"{publicPath} exists already; choose another --out, or remove it first");
        MinisignSecretKey key = MinisignSecretKey.Generate();
        MinisignSecretKeyFile.Save(key, path, noPassword ? null : Password.AskForNew());
        File.WriteAllText(publicPath, key.PublicKey.ToFileText());
        if (json)
        {
            Console.Out.WriteLine(Json.Write(new Report(path, publicPath, key.PublicKey.ToString(), MinisignPublicKey.KeyIdText(key.PublicKey.KeyId))));
            return 0;
        }

        Console.Out.WriteLine($"secret key  {path}   keep it to yourself, and keep a copy of it");
        Console.Out.WriteLine($"public key  {publicPath}   give it to every host");
        Console.Out.WriteLine($"            {key.PublicKey}");
        return 0;
    }
}
