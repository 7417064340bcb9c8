using OsCircular.SystemTests.Faults;
using OsCircular.TestKit;
using OsCircular.TestKit.Images;
using OsCircular.TestKit.Programs;

namespace OsCircular.SystemTests.Keeping;

/// <summary>A version that is retired, and then swept, while somebody has it open.</summary>
public sealed class RetiredTests
{
    [Fact(Timeout = 180_000)]
    public async Task Retired_Open_IsFilledAndReadAfterItsFilesAreGone_AcrossATakeover()
    {
        await using SmallRepository small = await SmallRepository.CreateAsync(blocks: 48);
        string old = Path.Combine(small.Files, "old.raw");
        File.Copy(small.Image, old);
        using TempDirectory files = new();
        string directory = files.Folder("mnt"), cache = files["cache"], disk = Path.Combine(directory, "small", "1", "disk.raw");
        string[] mount = [
            "mount", directory, "--public-key", small.Repository.PublicKey, "--cache", cache, "--mirror", small.Repository.Folder, "--peers", "off", "--refresh", "1s", "--read-timeout", "5s"];
        await using TestProcess first = await StartAsync(mount, directory);
        await using TestProcess reader = TestProcess.Start("bash", ["-c", "exec 3<\"$1\"; echo open; exec sleep 120", "bash", disk]);
        await reader.WaitForOutputAsync("open", TimeSpan.FromSeconds(20));
        SyntheticImage.Write(small.Image, 48, seed: 5);
        await small.Repository.PublishAsync(small.Image, "small");

        // Retired: the agent says so, and takes in what it lacks while the mirrors have it.
        await CollectAsync(small, "30d");
        await Eventually.IsSoAsync(async () => (await StatusAsync(cache)).Contains("warning: small@1 is retired", StringComparison.Ordinal));
        await Eventually.IsSoAsync(async () => (await StatusAsync(cache)).Contains("all of it is in the cache", StringComparison.Ordinal));

        // Gone.
        await CollectAsync(small, "0s");
        await Eventually.IsSoAsync(async () => (await StatusAsync(cache)).Contains("warning: small@1 left the repository and is kept here", StringComparison.Ordinal));
        Assert.True(File.Exists(disk));
        first.Kill();
        await first.WaitForExitAsync(TimeSpan.FromSeconds(20));

        await using TestProcess second = await StartAsync(mount, directory);
        Assert.Contains("small@1 left the repository and is kept here", await StatusAsync(cache), StringComparison.Ordinal);
        await Disk.AssertSameAsync(old, disk);
        await Disk.AssertSameAsync(small.Image, Path.Combine(directory, "small", "latest", "disk.raw"));
        reader.Kill();
        await reader.WaitForExitAsync(TimeSpan.FromSeconds(20));
        await EndAsync(second, directory);
    }

    [Fact(Timeout = 180_000)]
    public async Task Gone_NeitherOpenNorHeld_IsNotFoundAnyMore()
    {
        await using SmallRepository small = await SmallRepository.CreateAsync(blocks: 48);
        await using MountedAgent agent = await small.MountAsync([small.Repository.Folder], null, "--refresh", "1s");
        await Disk.AssertSameAsync(small.Image, agent.DiskOf("small", "1"), first: 0, blocks: 4);
        SyntheticImage.Write(small.Image, 48, seed: 5);
        await small.Repository.PublishAsync(small.Image, "small");
        await CollectAsync(small, "0s");

        await Eventually.IsSoAsync(() => !Directory.Exists(Path.Combine(agent.Directory, "small", "1")) && Directory.Exists(Path.Combine(agent.Directory, "small", "2")));
        await Disk.AssertSameAsync(small.Image, agent.DiskOf("small"));
    }

    private static async Task CollectAsync(SmallRepository small, string grace) =>
        (await OsCircularProgram.RunAsync("gc", small.Repository.Folder, "--keep", "1", "--grace", grace, "--key", small.Repository.SecretKey)).MustSucceed();

    private static async Task<string> StatusAsync(string cache) => (await OsCircularProgram.RunAsync("status", "--cache", cache)).Output;

    private static async Task<TestProcess> StartAsync(string[] mount, string directory)
    {
        TestProcess agent = OsCircularProgram.Start(mount);
        await agent.WaitForOutputAsync($"ready {directory}", TimeSpan.FromSeconds(30));
        return agent;
    }

    private static async Task EndAsync(TestProcess agent, string directory)
    {
        await TestProcess.RunAsync("umount", [directory], TimeSpan.FromSeconds(20));
        await agent.WaitForExitAsync(TimeSpan.FromSeconds(20));
    }
}
