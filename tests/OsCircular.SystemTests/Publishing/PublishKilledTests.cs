using System.Diagnostics;
using OsCircular.SystemTests.Faults;
using OsCircular.TestKit.Images;
using OsCircular.TestKit.Programs;

namespace OsCircular.SystemTests.Publishing;

/// <summary>A publisher that is killed at any moment leaves a repository that serves what it served, and that the next publisher completes.</summary>
public sealed class PublishKilledTests
{
    private const int Rounds = 12;

    [Fact(Timeout = 240_000)]
    public async Task Publish_KilledAtRandomMoments_OldVersionServedAndNextFinishes()
    {
        var random = new Random(20);
        await using SmallRepository small = await SmallRepository.CreateAsync();
        string next = Path.Combine(small.Files, "next.raw"), served = small.Image;
        SyntheticImage.Write(next, SmallRepository.Blocks, seed: 2);
        TimeSpan whole = await TimeOfPublishingAsync(small, next, Path.Combine(small.Files, "trial"));

        int version = 1, killed = 0;
        for (int round = 0; round < Rounds; round++)
        {
            string head = await File.ReadAllTextAsync(small.Repository.HeadFile);
            await using TestProcess publish = OsCircularProgram.Start(small.Repository.PublishArguments(next, "small"));
            await Task.Delay(whole * random.NextDouble(), TestContext.Current.CancellationToken);
            publish.Kill();
            if ((await publish.WaitForExitAsync(TimeSpan.FromSeconds(10))).ExitCode == 128 + 9) killed++;
            if (head != await File.ReadAllTextAsync(small.Repository.HeadFile))
            {
                // It was done before the signal came: go on with another image.
                (served, version) = (next, version + 1);
                next = Path.Combine(small.Files, $"next{version}.raw");
                SyntheticImage.Write(next, SmallRepository.Blocks, seed: version + 1);
            }

            if (round % 4 == 0) await AssertServesAsync(small, served, version);
        }

        TestContext.Current.TestOutputHelper?.WriteLine($"{killed} of {Rounds} killed, {version - 1} published before the signal");
        Assert.InRange(killed, Rounds / 2, Rounds);
        await AssertServesAsync(small, served, version);
        await small.Repository.PublishAsync(next, "small");
        await AssertServesAsync(small, next, version + 1);
        await AssertServesAsync(small, served, version);
        (await OsCircularProgram.RunAsync("verify", small.Repository.Folder, "--public-key", small.Repository.PublicKey)).MustSucceed();
    }

    [Fact(Timeout = 120_000)]
    public async Task Publish_SameImageAgain_WritesNothingAndSaysSo()
    {
        await using SmallRepository small = await SmallRepository.CreateAsync();
        string before = await ListingAsync(small.Repository.Folder);
        ProcessResult again = await small.Repository.PublishAsync(small.Image, "small");
        Assert.Equal(before, await ListingAsync(small.Repository.Folder));
        Assert.Contains("nothing", again.Output, StringComparison.OrdinalIgnoreCase);
    }

    private static Task<string> ListingAsync(string folder) => TestProcess.ShellAsync("cd \"$1\" && find . -printf '%p %s %T@\\n' | sort", folder);

    private static async Task<TimeSpan> TimeOfPublishingAsync(SmallRepository small, string image, string trial)
    {
        await TestProcess.ShellAsync("cp -r \"$1\" \"$2\"", small.Repository.Folder, trial);
        long started = Stopwatch.GetTimestamp();
        (await OsCircularProgram.RunAsync("publish", image, "--repository", trial, "--name", "small", "--key", small.Repository.SecretKey)).MustSucceed();
        return Stopwatch.GetElapsedTime(started);
    }

    private static async Task AssertServesAsync(SmallRepository small, string image, int version)
    {
        await using MountedAgent agent = await small.MountAsync([small.Repository.Folder]);
        await Disk.AssertSameAsync(image, agent.DiskOf("small", $"{version}"));
    }
}
