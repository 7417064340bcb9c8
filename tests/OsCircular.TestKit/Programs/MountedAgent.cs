using System.Text.Json;
using Xunit;

namespace OsCircular.TestKit.Programs;

/// <summary>
/// An agent that mounts a repository below a folder of its own. Disposing unmounts and waits for its end; what it logged goes to the test's output.
/// </summary>
public sealed class MountedAgent : IAsyncDisposable
{
    private static readonly TimeSpan ReadyLimit = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan EndLimit = TimeSpan.FromSeconds(30);

    private readonly TempDirectory? _ownCache;

    private MountedAgent(string directory, string cache, TempDirectory? ownCache, TestProcess process)
    {
        Directory = directory;
        Cache = cache;
        _ownCache = ownCache;
        Process = process;
    }

    /// <summary>The mount point.</summary>
    public string Directory { get; }
    public string Cache { get; }
    public TestProcess Process { get; }

    /// <param name="publicKey">The repository's public key file.</param>
    /// <param name="mirrors">URLs or folders.</param>
    /// <param name="cache">The cache folder; one that goes away with the agent where null.</param>
    /// <param name="options">Further options of <c>mount</c>.</param>
    public static Task<MountedAgent> StartAsync(string publicKey, IEnumerable<string> mirrors, string? cache = null, params IEnumerable<string> options) =>
        StartAsync(OsCircularProgram.Start, publicKey, cache, [.. mirrors.SelectMany(mirror => (string[])["--mirror", mirror]), .. WithoutPeersUnlessNamed([.. options])]);

    /// <param name="start">Starts the program with these arguments, wherever it likes.</param>
    /// <param name="publicKey">The repository's public key file.</param>
    /// <param name="cache">The cache folder; one that goes away with the agent where null.</param>
    /// <param name="options">All further options of <c>mount</c>.</param>
    public static async Task<MountedAgent> StartAsync(Func<IEnumerable<string>, TestProcess> start, string publicKey, string? cache, IEnumerable<string> options)
    {
        TempDirectory? ownCache = cache is null ? new TempDirectory() : null;
        cache ??= ownCache!.Folder("cache");
        string directory = System.IO.Directory.CreateTempSubdirectory("oct-mount-").FullName;
        TestProcess process = start(["mount", directory, "--public-key", publicKey, "--cache", cache, .. options]);
        var agent = new MountedAgent(directory, cache, ownCache, process);
        try
        {
            await process.WaitForOutputAsync($"ready {directory}", ReadyLimit);
            return agent;
        }
        catch
        {
            await agent.DisposeAsync();
            throw;
        }
    }

    // Tests run side by side on one host, and must not find each other's agents.
    private static string[] WithoutPeersUnlessNamed(string[] options) => options.Contains("--peers") ? options : ["--peers", "off", .. options];

    public string DiskOf(string name, string version = "latest") => Path.Combine(Directory, name, version, "disk.raw");

    /// <summary>What <c>status --json</c> says; the caller disposes it.</summary>
    public async Task<JsonDocument> StatusAsync() =>
        JsonDocument.Parse((await OsCircularProgram.RunAsync("status", "--cache", Cache, "--json")).MustSucceed().Output);

    /// <summary>Unmounts as a user would, and returns how the agent ended.</summary>
    public async Task<ProcessResult> UnmountAsync()
    {
        await TestProcess.RunAsync("umount", [Directory], EndLimit);
        return await Process.WaitForExitAsync(EndLimit);
    }

    public async ValueTask DisposeAsync()
    {
        if (!Process.HasExited)
        {
            try
            {
                await UnmountAsync();
            }
            catch (TimeoutException)
            {
                Process.Kill();
            }
        }

        TestContext.Current.TestOutputHelper?.WriteLine(Process.Said());
        await Process.DisposeAsync();
        // After a clean end this finds nothing to do.
        await TestProcess.RunAsync("umount", ["-l", "-q", Directory], EndLimit);
        System.IO.Directory.Delete(Directory);
        _ownCache?.Dispose();
    }
}
