using System.Text.Json;
using OsCircular.TestKit;
using OsCircular.TestKit.Programs;

namespace OsCircular.SystemTests.Faults;

/// <summary><c>verify --repair</c>, as a user runs it: of a cache whose agent runs, of one whose agent does not, and of a repository.</summary>
public sealed class RepairTests
{
    private const int DamageLeft = 3;

    [Fact(Timeout = 120_000)]
    public async Task Cache_ItsAgentRuns_IsHealedByTheAgent()
    {
        await using SmallRepository small = await SmallRepository.CreateAsync();
        await using MountedAgent agent = await small.MountAsync([small.Repository.Folder]);
        await Disk.AssertSameAsync(small.Image, agent.DiskOf("small"));
        string[] damaged = Spoil(agent.Cache, 5);

        ProcessResult found = await OsCircularProgram.RunAsync("verify", agent.Cache, "--json");
        Assert.Equal((DamageLeft, damaged.Length), (found.ExitCode, Number(found, "damageCount")));
        ProcessResult repaired = (await OsCircularProgram.RunAsync("verify", agent.Cache, "--repair", "--json")).MustSucceed();

        Assert.Equal((damaged.Length, 0), (Number(repaired, "repaired"), Number(repaired, "removed")));
        Assert.All(damaged, file => Assert.Equal(File.ReadAllBytes(Path.Combine(small.Repository.Folder, file)), File.ReadAllBytes(Path.Combine(agent.Cache, file))));
        using JsonDocument status = await agent.StatusAsync();
        Assert.Equal(damaged.Length, status.RootElement.GetProperty("blame").GetProperty("disk").GetInt32());
        Assert.Equal(damaged.Length, status.RootElement.GetProperty("cache").GetProperty("healed").GetInt32());
        Assert.Equal(damaged.Length, Directory.GetFiles(Path.Combine(agent.Cache, "agent", "damaged")).Length);
    }

    [Fact(Timeout = 120_000)]
    public async Task Cache_NoAgentRuns_IsHealedFromAFolderOrTheImage_OrSetAside()
    {
        await using SmallRepository small = await SmallRepository.CreateAsync();
        using var cache = new TempDirectory();
        await using (MountedAgent agent = await small.MountAsync([small.Repository.Folder], cache.Path)) await Disk.AssertSameAsync(small.Image, agent.DiskOf("small"));

        foreach (string from in (string[])[small.Repository.Folder, small.Image])
        {
            string[] damaged = Spoil(cache.Path, 4);
            ProcessResult repaired = (await OsCircularProgram.RunAsync("verify", cache.Path, "--repair", "--from", from, "--json")).MustSucceed();
            Assert.Equal(damaged.Length, Number(repaired, "repaired"));
        }

        string[] aside = Spoil(cache.Path, 3);
        ProcessResult setAside = (await OsCircularProgram.RunAsync("verify", cache.Path, "--repair", "--json")).MustSucceed();
        Assert.Equal((0, aside.Length), (Number(setAside, "repaired"), Number(setAside, "removed")));
        Assert.All(aside, file => Assert.False(File.Exists(Path.Combine(cache.Path, file))));
        await using MountedAgent second = await small.MountAsync([small.Repository.Folder], cache.Path);
        await Disk.AssertSameAsync(small.Image, second.DiskOf("small"));
    }

    [Fact(Timeout = 120_000)]
    public async Task Repository_Damaged_IsNamedFileByFileAndRepairedFromTheImage()
    {
        await using SmallRepository small = await SmallRepository.CreateAsync();
        string repository = small.Repository.Folder;
        string[] damaged = Spoil(repository, 3);
        string missing = small.Repository.BlockFiles()[^1];
        File.Delete(missing);
        File.WriteAllText(Path.Combine(repository, "blocks", "note.txt"), "");

        ProcessResult found = await OsCircularProgram.RunAsync("verify", repository, "--public-key", small.Repository.PublicKey);
        Assert.Equal(DamageLeft, found.ExitCode);
        Assert.Contains("3 damaged, 1 missing, 1 foreign", found.Output, StringComparison.Ordinal);
        Assert.All(damaged, file => Assert.Contains(file, found.Output, StringComparison.Ordinal));
        Assert.Contains($"{Path.GetRelativePath(repository, missing)} is missing", found.Output, StringComparison.Ordinal);

        File.Delete(Path.Combine(repository, "blocks", "note.txt"));
        ProcessResult repaired = (await OsCircularProgram.RunAsync("verify", repository, "--repair", "--from", small.Image, "--json")).MustSucceed();
        Assert.Equal(4, Number(repaired, "repaired"));
        (await OsCircularProgram.RunAsync("verify", repository)).MustSucceed();
    }

    [Theory(Timeout = 60_000)]
    [InlineData("--from", "x")]
    [InlineData("--repair")]
    public async Task Usage_FromAndRepairGoTogether(params string[] options)
    {
        await using SmallRepository small = await SmallRepository.CreateAsync(blocks: 8);
        Assert.Equal(2, (await OsCircularProgram.RunAsync(["verify", small.Repository.Folder, .. options])).ExitCode);
    }

    private static string[] Spoil(string folder, int count)
    {
        string[] files = [.. TestRepository.BlockFiles(folder).Order(StringComparer.Ordinal).Take(count)];
        Assert.Equal(count, files.Length);
        foreach (string file in files)
        {
            byte[] bytes = File.ReadAllBytes(file);
            bytes[bytes.Length / 2] ^= 8;
            File.WriteAllBytes(file, bytes);
        }

        return [.. files.Select(file => Path.GetRelativePath(folder, file))];
    }

    private static int Number(ProcessResult result, string property)
    {
        using JsonDocument document = JsonDocument.Parse(result.Output);
        return document.RootElement.GetProperty(property).GetInt32();
    }
}
