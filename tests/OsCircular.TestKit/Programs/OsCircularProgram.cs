using OsCircular.TestKit.Labs;

namespace OsCircular.TestKit.Programs;

/// <summary>The program itself, as built beside the tests.</summary>
public static class OsCircularProgram
{
    // Proxy variables of the machine must not come between a test and its own loopback servers.
    private static readonly Dictionary<string, string?> Environment = new()
    {
        ["http_proxy"] = null, ["https_proxy"] = null, ["all_proxy"] = null, ["HTTP_PROXY"] = null, ["HTTPS_PROXY"] = null, ["ALL_PROXY"] = null,
        ["OSCIRCULAR_KEY_PASSWORD"] = null,
    };

    public static string FilePath { get; } = SourceTree.PathOf("artifacts/bin/OsCircular.Agent/release/oscircular");

    public static TestProcess Start(params IEnumerable<string> arguments) => TestProcess.Start(FilePath, arguments, Environment);

    /// <summary>The same with further variables in its environment.</summary>
    public static TestProcess Start(IReadOnlyDictionary<string, string?> environment, IEnumerable<string> arguments) => TestProcess.Start(FilePath, arguments, With(environment));

    /// <summary>The same on a terminal, for what it asks its user.</summary>
    public static TestProcess StartOnTerminal(params IEnumerable<string> arguments) => TestProcess.StartOnTerminal(FilePath, arguments, Environment);

    /// <summary>The same on a host of a lab.</summary>
    public static TestProcess StartOn(LabHost host, IEnumerable<string> arguments, IReadOnlyDictionary<string, string?>? environment = null) =>
        host.Start(FilePath, arguments, With(environment ?? new Dictionary<string, string?>()));

    private static Dictionary<string, string?> With(IReadOnlyDictionary<string, string?> environment)
    {
        var all = new Dictionary<string, string?>(Environment);
        foreach ((string name, string? value) in environment) all[name] = value;
        return all;
    }

    /// <summary>Runs one command to its end, at most two minutes.</summary>
    public static async Task<ProcessResult> RunAsync(params IEnumerable<string> arguments)
    {
        await using TestProcess process = Start(arguments);
        return await process.WaitForExitAsync(TimeSpan.FromMinutes(2));
    }
}
