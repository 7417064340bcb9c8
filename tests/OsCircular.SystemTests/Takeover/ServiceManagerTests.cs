using System.Globalization;
using OsCircular.TestKit;
using OsCircular.TestKit.Programs;

namespace OsCircular.SystemTests.Takeover;

/// <summary>The agent as a service: a program that behaves as systemd does keeps its mount and starts it again.</summary>
public sealed class ServiceManagerTests : IAsyncLifetime
{
    private static readonly TimeSpan Limit = TakeoverBench.Limit;

    private TakeoverBench _bench = null!;

    public async ValueTask InitializeAsync() => _bench = await TakeoverBench.CreateAsync();

    public ValueTask DisposeAsync() => _bench.DisposeAsync();

    [Fact(Timeout = 120_000)]
    public async Task Killed_ManyTimes_ReadersSeeNothing()
    {
        await using TestProcess manager = TestProcess.Start(SourceTree.PathOf("tests/OsCircular.TestKit/Programs/service-manager.py"), [
            _bench.Small.Files + "/notify", OsCircularProgram.FilePath, "mount", _bench.MountPoint, "--public-key", _bench.Small.Repository.PublicKey,
            "--cache", _bench.Cache, "--mirror", _bench.Small.Repository.Folder, "--peers", "off"]);
        await manager.WaitForOutputAsync("ready", Limit);
        await using TestProcess reader = TestProcess.Start("bash", [
            "-c", "for i in {1..1000}; do [ -e \"$3\" ] && break; cmp \"$1\" <(dd if=\"$2\" iflag=direct bs=256K status=none) || exit; done; echo same $i",
            "bash", _bench.Small.Image, _bench.Disk, _bench.Small.Files + "/enough"]);
        for (uint kill = 1; kill <= 4; kill++)
        {
            Assert.Equal(kill, (await GenerationAsync(kill)).Generation);
            await TestProcess.ShellAsync("kill -9 $1", LastStarted(manager));
        }

        Assert.Equal((5u, "the service manager"), await GenerationAsync(5));
        await File.WriteAllTextAsync(_bench.Small.Files + "/enough", "");
        ProcessResult read = await reader.WaitForExitAsync(Limit);
        Assert.StartsWith("same ", read.Output, StringComparison.Ordinal);
        Assert.Empty(read.Errors);

        await TestProcess.ShellAsync("kill -TERM $1", LastStarted(manager));
        Assert.Equal(0, (await manager.WaitForExitAsync(Limit)).ExitCode);
        Assert.False(_bench.IsMounted());
        Assert.Contains("dropped oscircular-fuse", manager.Output, StringComparison.Ordinal);
    }

    private static string LastStarted(TestProcess manager) => manager.Output.Split('\n').Last(line => line.StartsWith("started ", StringComparison.Ordinal))["started ".Length..];

    /// <summary>Asks until that agent answers: the one before may be on its way out.</summary>
    private async Task<(uint Generation, string Keeper)> GenerationAsync(uint wanted)
    {
        long began = TimeProvider.System.GetTimestamp();
        while (true)
        {
            ProcessResult status = await OsCircularProgram.RunAsync("status", "--cache", _bench.Cache, "--json");
            if (status.ExitCode == 0)
            {
                using var json = System.Text.Json.JsonDocument.Parse(status.Output);
                System.Text.Json.JsonElement takeover = json.RootElement.GetProperty("takeover");
                uint generation = takeover.GetProperty("generation").GetUInt32();
                if (generation == wanted) return (generation, takeover.GetProperty("keeper").GetString()!);
            }

            if (TimeProvider.System.GetElapsedTime(began) > Limit) throw new TimeoutException($"No agent of generation {wanted.ToString(CultureInfo.InvariantCulture)}: {status}");
        }
    }
}
