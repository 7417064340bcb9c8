using System.CommandLine;
using OsCircular.Agent.Configuration;

namespace OsCircular.Agent.Commands;

/// <summary>Options that several commands share, and the kinds of values they take. Each call makes a new one, for one belongs to one command.</summary>
internal static class CommonOptions
{
    public static Option<bool> Json() => new("--json") { Description = "Print the result as JSON." };

    public static Option<string> Key() => new("--key") { Description = "The publisher's secret key file (minisign format).", HelpName = "FILE", Required = true };

    public static Option<string> Repository() => new("--repository") { Description = "The repository's folder.", HelpName = "DIR", Required = true };

    /// <summary>Of the commands that publish.</summary>
    public static Option<string?> Profile() => new("--profile")
    {
        Description = "The profile of a boot, as 'profile record' wrote it, to be published with the version; 'none': without one. "
            + "Default: what still fits of the profile of the version before.",
        HelpName = "FILE|none",
    };

    public static Option<string?> PublicKey() => new("--public-key") { Description = "The publisher's public key: a file, or the key itself.", HelpName = "FILE|KEY" };

    public static Option<string[]> Mirror() => new("--mirror") { Description = "A mirror of the repository; repeat for several.", HelpName = "URL", AllowMultipleArgumentsPerToken = false };

    public static Option<string?> Cache() => new("--cache") { Description = "The cache's directory.", HelpName = "DIR" };

    /// <summary>A size such as <c>256KiB</c>.</summary>
    public static Option<long?> Size(string name, string description) => new(name)
    {
        Description = description,
        HelpName = "SIZE",
        CustomParser = result =>
        {
            if (Units.TryParseSize(result.Tokens[0].Value, out long bytes)) return bytes;
            result.AddError($"{name}: '{result.Tokens[0].Value}' is not a size; write it like 256KiB");
            return null;
        },
    };

    /// <summary>A time such as <c>30d</c>.</summary>
    public static Option<TimeSpan?> Time(string name, string description) => new(name)
    {
        Description = description,
        HelpName = "TIME",
        CustomParser = result =>
        {
            if (Units.TryParseTime(result.Tokens[0].Value, out TimeSpan time)) return time;
            result.AddError($"{name}: '{result.Tokens[0].Value}' is not a time; write it like 30s or 30d");
            return null;
        },
    };
}
