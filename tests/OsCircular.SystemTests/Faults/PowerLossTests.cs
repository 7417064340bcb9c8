using System.Text.Json;
using OsCircular.TestKit.Images;
using OsCircular.TestKit.Programs;

namespace OsCircular.SystemTests.Faults;

/// <summary>
/// Copies of the folders taken while they are written, with the unsynced files torn: what a machine may find after a power loss.
/// </summary>
public sealed class PowerLossTests
{
    private const int Copies = 5;

    [Fact(Timeout = 240_000)]
    public async Task Repository_CopiedWhilePublishing_ServesOldOrNewAndCanBeFinished()
    {
        var random = new Random(5);
        await using SmallRepository small = await SmallRepository.CreateAsync();
        string second = Path.Combine(small.Files, "second.raw");
        SyntheticImage.Write(second, SmallRepository.Blocks, seed: 2);
        HashSet<string> synced = [.. FilesBelow(small.Repository.Folder)];
        string oldHead = await File.ReadAllTextAsync(small.Repository.HeadFile);

        var copies = new List<string>();
        await using (TestProcess publish = OsCircularProgram.Start(small.Repository.PublishArguments(second, "small")))
        {
            while (!publish.HasExited && copies.Count < Copies)
            {
                await Task.Delay(TimeSpan.FromMilliseconds(random.Next(50, 300)), TestContext.Current.CancellationToken);
                copies.Add(Path.Combine(small.Files, $"copy{copies.Count}"));
                // The head first: whatever it needs was there before it. Files may go away while they are copied.
                await TestProcess.ShellAsync("mkdir \"$2\"; cp -a \"$1/head.minisig\" \"$2\"; cp -an \"$1/.\" \"$2\" 2>/dev/null || true", small.Repository.Folder, copies[^1]);
            }

            (await publish.WaitForExitAsync(TimeSpan.FromMinutes(1))).MustSucceed();
        }

        int torn = 0;
        foreach (string copy in copies)
        {
            bool old = await File.ReadAllTextAsync(Path.Combine(copy, "head.minisig")) == oldHead;
            if (old) torn += Tearing.TearSome(FilesBelow(copy).Except(synced).Select(file => Path.Combine(copy, file)), random).Length;
            await AssertServesAsync(small, copy, small.Image, "1");
            if (old) (await OsCircularProgram.RunAsync("publish", second, "--repository", copy, "--name", "small", "--key", small.Repository.SecretKey)).MustSucceed();
            await AssertServesAsync(small, copy, second, "2");
            (await OsCircularProgram.RunAsync("verify", copy, "--public-key", small.Repository.PublicKey)).MustSucceed();
        }

        TestContext.Current.TestOutputHelper?.WriteLine($"{copies.Count} copies, {torn} files torn");
        Assert.NotEqual(0, torn);
    }

    [Fact(Timeout = 240_000)]
    public async Task Cache_CopiedWhileFetching_TornBlockFilesAreNoticed()
    {
        var random = new Random(6);
        await using SmallRepository small = await SmallRepository.CreateAsync();
        await using Nginx mirror = await Nginx.StartAsync(small.Repository.Folder);
        var copies = new List<string>();
        await using (MountedAgent agent = await small.MountAsync([mirror.Url]))
        {
            await using TestProcess reading = TestProcess.Start("cmp", [small.Image, agent.DiskOf("small")]);
            while (!reading.HasExited && copies.Count < Copies)
            {
                await Task.Delay(TimeSpan.FromMilliseconds(random.Next(20, 100)), TestContext.Current.CancellationToken);
                copies.Add(Path.Combine(small.Files, $"cache{copies.Count}"));
                await TestProcess.ShellAsync("mkdir \"$2\"; cp -a \"$1/.\" \"$2\" 2>/dev/null || true", agent.Cache, copies[^1]);
            }

            Assert.Equal(0, (await reading.WaitForExitAsync(TimeSpan.FromMinutes(1))).ExitCode);
        }

        int noticed = 0, torn = 0;
        foreach (string copy in copies)
        {
            // Neither block files nor the catalogue are synced; head, manifest, pages and what lies in agent/ otherwise are.
            torn += Tearing.TearSome(TestRepository.BlockFiles(copy), random).Length;
            Tearing.TearSome(Directory.GetFiles(Path.Combine(copy, "agent"), "catalog*"), random);
            await using MountedAgent agent = await small.MountAsync([mirror.Url], copy);
            await Disk.AssertSameAsync(small.Image, agent.DiskOf("small"));
            using JsonDocument status = await agent.StatusAsync();
            noticed += status.RootElement.GetProperty("cache").GetProperty("damaged").GetInt32();
        }

        Assert.Equal(torn, noticed);
        Assert.NotEqual(0, torn);
    }

    private static IEnumerable<string> FilesBelow(string folder) =>
        Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories).Select(file => Path.GetRelativePath(folder, file));

    private static async Task AssertServesAsync(SmallRepository small, string repository, string image, string version)
    {
        await using MountedAgent agent = await small.MountAsync([repository]);
        await Disk.AssertSameAsync(image, agent.DiskOf("small", version));
    }
}
