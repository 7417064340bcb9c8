using System.Diagnostics;
using OsCircular.SystemTests.Faults;
using OsCircular.TestKit;
using OsCircular.TestKit.Images;
using OsCircular.TestKit.Programs;

namespace OsCircular.SystemTests.Keeping;

/// <summary><c>gc</c> and <c>mirror</c> killed at any moment: what is on offer is read to its last byte all the while, and the next run finishes.</summary>
public sealed class KeepingKilledTests
{
    private const int Rounds = 6;

    [Fact(Timeout = 240_000)]
    public async Task Gc_KilledAtRandomMoments_OfferedVersionIsWholeAndTheNextFinishes()
    {
        var random = new Random(30);
        await using SmallRepository small = await SmallRepository.CreateAsync(blocks: 96);
        string[] gc = ["gc", small.Repository.Folder, "--keep", "1", "--grace", "0s", "--key", small.Repository.SecretKey];
        TimeSpan whole = await TimeOfAsync(gc);
        int killed = 0;
        for (int round = 0; round < Rounds; round++)
        {
            SyntheticImage.Write(small.Image, 96, seed: round + 2);
            await small.Repository.PublishAsync(small.Image, "small");
            if (await IsKilledAsync(gc, whole * random.NextDouble())) killed++;
            await using MountedAgent agent = await small.MountAsync([small.Repository.Folder]);
            await Disk.AssertSameAsync(small.Image, agent.DiskOf("small"));
        }

        TestContext.Current.TestOutputHelper?.WriteLine($"{killed} of {Rounds} killed");
        Assert.InRange(killed, 1, Rounds);
        (await OsCircularProgram.RunAsync(gc)).MustSucceed();
        Assert.Contains("(0 not needed)", (await OsCircularProgram.RunAsync("verify", small.Repository.Folder, "--public-key", small.Repository.PublicKey)).MustSucceed().Output, StringComparison.Ordinal);
    }

    [Fact(Timeout = 240_000)]
    public async Task Mirror_KilledAtRandomMoments_CopyIsAlwaysWholeAndTheNextFinishes()
    {
        var random = new Random(31);
        await using SmallRepository small = await SmallRepository.CreateAsync(blocks: 96);
        await using Nginx nginx = await Nginx.StartAsync(small.Repository.Folder);
        string copy = Path.Combine(small.Files, "copy");
        string[] mirror = ["mirror", nginx.Url, copy, "--public-key", small.Repository.PublicKey, "--delete"];
        TimeSpan whole = await TimeOfAsync(mirror);
        int killed = 0;
        for (int round = 0; round < Rounds; round++)
        {
            SyntheticImage.Write(small.Image, 96, seed: round + 2);
            await small.Repository.PublishAsync(small.Image, "small");
            if (await IsKilledAsync(mirror, whole * random.NextDouble())) killed++;
            (await OsCircularProgram.RunAsync("verify", copy, "--public-key", small.Repository.PublicKey)).MustSucceed();
        }

        TestContext.Current.TestOutputHelper?.WriteLine($"{killed} of {Rounds} killed");
        Assert.InRange(killed, 1, Rounds);
        (await OsCircularProgram.RunAsync(mirror)).MustSucceed();
        await using MountedAgent agent = await small.MountAsync([copy]);
        await Disk.AssertSameAsync(small.Image, agent.DiskOf("small"));
    }

    [Fact(Timeout = 120_000)]
    public async Task Gc_WhileAPublisherWorks_IsRefusedClearly()
    {
        await using SmallRepository small = await SmallRepository.CreateAsync(blocks: 32);
        await using TestProcess other = TestProcess.Start("flock", [small.Repository.Folder, "sleep", "60"]);
        ProcessResult refused = new("", 0, "", "");
        await Eventually.IsSoAsync(async () =>
        {
            refused = await OsCircularProgram.RunAsync("gc", small.Repository.Folder, "--keep", "1", "--key", small.Repository.SecretKey);
            return refused.ExitCode != 0;
        });

        Assert.Equal(1, refused.ExitCode);
        Assert.Contains("another program is writing to this repository; wait until it is done and try again", refused.Errors, StringComparison.Ordinal);
        Assert.Contains("another program is writing", (await OsCircularProgram.RunAsync(small.Repository.PublishArguments(small.Image, "other"))).Errors, StringComparison.Ordinal);
        other.Kill();
    }

    private static async Task<TimeSpan> TimeOfAsync(string[] command)
    {
        long started = Stopwatch.GetTimestamp();
        (await OsCircularProgram.RunAsync(command)).MustSucceed();
        return Stopwatch.GetElapsedTime(started);
    }

    private static async Task<bool> IsKilledAsync(string[] command, TimeSpan after)
    {
        await using TestProcess process = OsCircularProgram.Start(command);
        await Task.Delay(after, TestContext.Current.CancellationToken);
        process.Kill();
        return (await process.WaitForExitAsync(TimeSpan.FromSeconds(20))).ExitCode == 128 + 9;
    }
}
