using System.Text.Json;
using OsCircular.TestKit.Programs;

namespace OsCircular.TestKit.Labs;

/// <summary>An agent on a host of a lab, with a mount point and a cache of its own. Disposing unmounts it, or takes away what a kill left.</summary>
public sealed class LabAgent : IAsyncDisposable
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    private readonly MountedAgent _agent;

    private LabAgent(LabHost host, MountedAgent agent)
    {
        Host = host;
        _agent = agent;
    }

    public LabHost Host { get; }
    public string Cache => _agent.Cache;
    public string Directory => _agent.Directory;
    public TestProcess Process => _agent.Process;

    /// <param name="publicKey">The repository's public key file.</param>
    /// <param name="cache">The cache folder; one that goes away with the agent where null.</param>
    /// <param name="options">All further options of <c>mount</c>: mirrors, peers, group.</param>
    /// <param name="environment">Set in addition to this process's own.</param>
    public static async Task<LabAgent> StartAsync(
        LabHost host, string publicKey, string? cache, IEnumerable<string> options, IReadOnlyDictionary<string, string?>? environment = null) =>
        new(host, await MountedAgent.StartAsync(arguments => OsCircularProgram.StartOn(host, arguments, environment), publicKey, cache, options));

    public string DiskOf(string name, string version = "latest") => _agent.DiskOf(name, version);

    /// <summary>What <c>status --json</c> says; the caller disposes it.</summary>
    public Task<JsonDocument> StatusAsync() => _agent.StatusAsync();

    /// <summary>What <c>peers --json</c> says.</summary>
    public async Task<PeersSeen> PeersAsync() =>
        PeersSeen.Parse((await OsCircularProgram.RunAsync("peers", "--cache", Cache, "--json")).MustSucceed().Output);

    /// <summary>A number of <c>status --json</c>, by the names that lead to it; 0 where it is not there.</summary>
    public async Task<long> CountAsync(params string[] path)
    {
        using JsonDocument status = await StatusAsync();
        JsonElement at = status.RootElement;
        foreach (string name in path)
            if (!at.TryGetProperty(name, out at)) return 0;
        return at.GetInt64();
    }

    /// <summary>How many blocks were loaded from a source of <c>status</c>: cache, peers, mirrors.</summary>
    public async Task<long> LoadsFromAsync(string source)
    {
        using JsonDocument status = await StatusAsync();
        return status.RootElement.GetProperty("sources").EnumerateArray().Where(each => each.GetProperty("name").GetString() == source)
            .Sum(each => each.GetProperty("count").GetInt64());
    }

    /// <summary>Unmounts as a user would, and returns how the agent ended.</summary>
    public Task<ProcessResult> UnmountAsync() => _agent.UnmountAsync();

    /// <summary>SIGKILL, as when the host loses its power: nobody is told.</summary>
    public async Task KillAsync()
    {
        Process.Kill();
        await Process.WaitForExitAsync(Limit);
    }

    public ValueTask DisposeAsync() => _agent.DisposeAsync();
}
