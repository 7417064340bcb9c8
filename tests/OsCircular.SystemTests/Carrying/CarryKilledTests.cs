using OsCircular.TestKit;
using OsCircular.TestKit.Fuse;
using OsCircular.TestKit.Programs;

namespace OsCircular.SystemTests.Carrying;

/// <summary>Power goes and people pull sticks: a killed export leaves no half file under its name, a killed import goes on where it was.</summary>
public sealed class CarryKilledTests
{
    private const int Rounds = 16;
    private const int Kills = 3;

    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(20);

    [Fact(Timeout = 120_000)]
    public async Task Export_KilledAtRandomMoments_NeverLeavesAHalfFile()
    {
        var random = new Random(11);
        await using Stick stick = await Stick.CreateAsync(blocks: 256);
        string whole = await stick.ExportAsync("whole.tar", "small"), expected = await ListAsync(whole);
        string file = stick["small.tar"];
        int killed = 0;
        for (int round = 0; killed < Kills; round++)
        {
            Assert.True(round < Rounds, $"{killed} of {round} exports were killed before they were done");
            long enough = (long)(new FileInfo(whole).Length * random.NextDouble());
            await using TestProcess export = OsCircularProgram.Start("export", file, "--repository", stick.Repository.Folder, "--public-key", stick.PublicKey, "small");
            await Eventually.IsSoAsync(() => export.HasExited || (new FileInfo(file + ".part") is { Exists: true } part && part.Length >= enough));
            if (await IsKilledAsync(export)) killed++;
            if (!File.Exists(file)) continue;

            // It was done before the signal came.
            Assert.Equal(expected, await ListAsync(file));
            File.Delete(file);
        }

        Assert.Equal(expected, await ListAsync(await stick.ExportAsync("small.tar", "small")));
        Assert.False(File.Exists(file + ".part"));
    }

    [Theory(Timeout = 120_000)]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Import_KilledAtRandomPlaces_GoesOnWithWhatIsHeld(bool byAgent)
    {
        var random = new Random(12);
        await using Stick stick = await Stick.CreateAsync(blocks: 256);
        string file = await stick.ExportAsync("small.tar", "small");
        byte[] bytes = await File.ReadAllBytesAsync(file, TestContext.Current.CancellationToken);
        int all = stick.Repository.BlockFiles().Length, held = 0;

        // An agent needs a head to start with.
        if (byAgent) (await stick.ImportAsync(await DocumentsAsync(stick), "cache")).MustSucceed();
        for (int round = 0; round < Kills; round++)
        {
            // A medium that stops at some place holds the import just there.
            int place = random.Next(bytes.Length / 8, bytes.Length);
            Gate gate = new();
            MemoryFileSystem medium = new();
            MemoryFile carried = medium.AddFile(medium.Root, "small.tar", bytes);
            medium.Reading = read =>
            {
                if (read.Offset + read.Length > place) carried.Gate = gate;
            };
            await using TemporaryMount mount = new(medium);
            MountedAgent? agent = byAgent ? await stick.Small.MountAsync([], stick["cache"]) : null;
            await using TestProcess import = OsCircularProgram.Start("import", mount.PathOf("small.tar"), "--cache", stick["cache"], "--public-key", stick.PublicKey);
            await gate.ArrivedAsync();
            Assert.True(await IsKilledAsync(agent?.Process ?? import));

            // Whoever asked an agent that went without a word goes on by himself, under the lock: and is held at the same place.
            _ = await IsKilledAsync(import);
            if (agent is not null) await agent.DisposeAsync();
            int now = TestRepository.BlockFiles(stick["cache"]).Length;
            Assert.InRange(now, held, all - 1);
            held = now;
        }

        Assert.InRange(held, 1, all - 1);
        ProcessResult last = (await stick.ImportAsync(file, "cache")).MustSucceed();
        Assert.Contains($"imported {all - held} blocks ", last.Output, StringComparison.Ordinal);
        Assert.Contains("small@1  all held", last.Output, StringComparison.Ordinal);
        (await OsCircularProgram.RunAsync("verify", stick["cache"], "--public-key", stick.PublicKey)).MustSucceed();
        await stick.AssertServesAsync("cache");
    }

    /// <summary>An export without blocks: the receiver is said to have them all.</summary>
    private static Task<string> DocumentsAsync(Stick stick) => stick.ExportAsync("documents.tar", "small", "--have", "small");

    private static async Task<bool> IsKilledAsync(TestProcess process)
    {
        process.Kill();
        return (await process.WaitForExitAsync(Limit)).ExitCode == 128 + 9;
    }

    private static Task<string> ListAsync(string tar) => TestProcess.ShellAsync("tar tvf \"$1\"", tar);
}
