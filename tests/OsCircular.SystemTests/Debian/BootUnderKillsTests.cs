using OsCircular.TestKit;
using OsCircular.TestKit.Programs;

namespace OsCircular.SystemTests.Debian;

/// <summary>A guest boots while the agent under its disk is killed again and again.</summary>
[Collection("Debian")]
public sealed class BootUnderKillsTests(DebianFixture debian) : IDisposable
{
    private const int LeastKills = 20;
    private const int Seed = 1;

    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    private readonly TempDirectory _files = new();

    public void Dispose() => _files.Dispose();

    [Fact(Timeout = 420_000)]
    public async Task Boot_AgentKilledTwentyTimes_ReachesMultiUser()
    {
        string mount = _files.Folder("mnt");
        var random = new Random(Seed);
        int kills = 0;
        TestProcess agent = await StartAsync(mount);
        try
        {
            await using Qemu guest = await Qemu.StartAsync(debian.Image, Path.Combine(mount, "debian", "1", "disk.raw"), _files.Path);
            Task<string> multiUser = guest.WaitForMultiUserAsync();
            while (kills < LeastKills || !multiUser.IsCompleted)
            {
                await Task.Delay(TimeSpan.FromSeconds(random.NextDouble() * 2), TestContext.Current.CancellationToken);
                agent.Kill();
                await agent.WaitForExitAsync(Limit);
                await agent.DisposeAsync();
                agent = await StartAsync(mount);
                kills++;
            }

            Assert.StartsWith(OsCircular.TestKit.Images.DebianImage.MultiUserLine, await multiUser, StringComparison.Ordinal);
        }
        finally
        {
            await TestProcess.RunAsync("umount", ["-l", "-q", mount], Limit);
            await agent.DisposeAsync();
            TestContext.Current.TestOutputHelper?.WriteLine($"{kills} kills");
        }
    }

    private async Task<TestProcess> StartAsync(string mount)
    {
        TestProcess agent = OsCircularProgram.Start(
            "mount", mount, "--public-key", debian.Repository.PublicKey, "--cache", _files["cache"], "--mirror", debian.Mirror.Url, "--peers", "off");
        await agent.WaitForOutputAsync("ready", Limit);
        return agent;
    }
}
