using System.Text.Json;
using OsCircular.SystemTests.Faults;
using OsCircular.TestKit;
using OsCircular.TestKit.Images;
using OsCircular.TestKit.Programs;

namespace OsCircular.SystemTests.Guests;

/// <summary>Profiles from recording to use: what is fetched without being read, in which order, and how a version comes by one.</summary>
public sealed class ProfileTests
{
    // Blocks of noise, so that each has a name of its own.
    private static readonly int[] Profile = [201, 101, 5, 9, 13, 61];

    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    [Fact(Timeout = 120_000)]
    public async Task Mount_FirstBlockOfTheProfileRead_TheOthersComeUnread()
    {
        await using SmallRepository small = await PublishedWithProfileAsync();
        await using Nginx mirror = await Nginx.StartAsync(small.Repository.Folder);
        string[] names;
        await using (MountedAgent agent = await small.MountAsync([mirror.Url]))
        {
            await using FileStream disk = File.OpenRead(agent.DiskOf("small"));
            await ReadAsync(agent, Profile[0]);
            JsonElement boot = await BootAsync(agent, "done");
            Assert.Equal(Profile.Length, boot.GetProperty("blocks").GetInt32());
            Assert.Equal(Profile.Length, boot.GetProperty("held").GetInt32() + boot.GetProperty("fetched").GetInt32());
            names = [.. mirror.BlocksGiven().Select(given => given.Name)];
            Assert.Equal(Profile.Length, names.Length);

            // Those and no others: they are there when the mirror is not.
            await mirror.StopAsync();
            foreach (int block in Profile) await ReadAsync(agent, block);
            Assert.InRange((await BootAsync(agent, "done")).GetProperty("used").GetInt32(), Profile.Length - 1, Profile.Length);
            string status = (await OsCircularProgram.RunAsync("status", "--cache", agent.Cache)).MustSucceed().Output;
            Assert.Contains("small@2: done, 6 of 6 blocks", status, StringComparison.Ordinal);
            await mirror.StartAsync();
        }

        // With all the rest to come, the profile comes first.
        int before = mirror.BlocksGiven().Length;
        await using MountedAgent filling = await small.MountAsync([mirror.Url], null, "--fill-after-boot");
        await using FileStream open = File.OpenRead(filling.DiskOf("small"));
        await ReadAsync(filling, Profile[0]);
        await Eventually.IsSoAsync(async () =>
        {
            using JsonDocument status = await filling.StatusAsync();
            return status.RootElement.GetProperty("filling").EnumerateArray().Any(fill => fill.GetProperty("state").GetString() == "done");
        });
        string[] given = [.. mirror.BlocksGiven().Skip(before).Select(given => given.Name)];
        Assert.Equal(names.Order(), given.Take(Profile.Length).Order());
        Assert.True(given.Length > Profile.Length);
    }

    [Fact(Timeout = 120_000)]
    public async Task Record_ShowPublish_IsInheritedByTheNextVersion()
    {
        await using SmallRepository small = await SmallRepository.CreateAsync();
        await using MountedAgent agent = await small.MountAsync([small.Repository.Folder]);
        string file = Path.Combine(small.Files, "boot.json");
        await RecordAsync(agent, [201, 101, 5], "--fresh");

        // What is in the kernel's pages by now is asked for all the same.
        await RecordAsync(agent, [201, 5, 9], "--out", file);
        Assert.Equal("{\"format\":1,\"blocks\":[201,5]}\n", await File.ReadAllTextAsync(file, TestContext.Current.CancellationToken));
        using (JsonDocument shown = JsonDocument.Parse((await OsCircularProgram.RunAsync("profile", "show", file, "--json")).MustSucceed().Output))
            Assert.Equal(2 * SyntheticImage.BlockSize, shown.RootElement.GetProperty("bytes").GetInt64());

        ProcessResult published = await small.Repository.PublishAsync(small.Image, "small", "--profile", file);
        Assert.Contains("profile 2 blocks", published.Output, StringComparison.Ordinal);
        SyntheticImage.Change(small.Image, seed: 7, 9);
        published = await small.Repository.PublishAsync(small.Image, "small", "--json");
        using JsonDocument report = JsonDocument.Parse(published.Output);
        Assert.Equal(("3", 2, "2"), (
            report.RootElement.GetProperty("version").GetString(),
            report.RootElement.GetProperty("profileBlocks").GetInt32(),
            report.RootElement.GetProperty("profileInheritedFrom").GetString()));
    }

    [Fact(Timeout = 120_000)]
    public async Task Profile_WhatCannotBe_IsRefusedInOneLine()
    {
        await using SmallRepository small = await SmallRepository.CreateAsync();
        string file = Path.Combine(small.Files, "boot.json");
        await File.WriteAllTextAsync(file, "{\"format\":1,\"blocks\":[0,256]}", TestContext.Current.CancellationToken);
        Refusal.Assert(await OsCircularProgram.RunAsync(small.Repository.PublishArguments(small.Image, "small", "--profile", file)), "it names block 256");
        Refusal.Assert(await OsCircularProgram.RunAsync("profile", "show", small.Image), "no profile of format 1");
        Refusal.Assert(await OsCircularProgram.RunAsync("profile", "record", "small", "--cache", small.Files), "no agent runs");
        await using MountedAgent agent = await small.MountAsync([small.Repository.Folder]);
        Refusal.Assert(await OsCircularProgram.RunAsync("profile", "record", "small@9", "--cache", agent.Cache), "small@9 is not mounted here");
    }

    private static async Task<SmallRepository> PublishedWithProfileAsync()
    {
        SmallRepository small = await SmallRepository.CreateAsync();
        string file = Path.Combine(small.Files, "boot.json");
        await File.WriteAllTextAsync(file, $"{{\"format\":1,\"blocks\":[{string.Join(',', Profile)}]}}", TestContext.Current.CancellationToken);
        await small.Repository.PublishAsync(small.Image, "small", "--profile", file);
        return small;
    }

    // One recording, ended by a signal as by Ctrl-C.
    private static async Task RecordAsync(MountedAgent agent, int[] blocks, params string[] options)
    {
        await using TestProcess recording = OsCircularProgram.Start(["profile", "record", "small@1", "--cache", agent.Cache, "--quiet", "10m", .. options]);
        await Eventually.IsSoAsync(() => recording.Said().Contains("boot it now", StringComparison.Ordinal));
        foreach (int block in blocks) await ReadAsync(agent, block, "small", "1");
        recording.Signal(TestProcess.Terminate);
        (await recording.WaitForExitAsync(Limit)).MustSucceed();
    }

    // Past the kernel's pages, as a guest with cache=none reads: its own read-ahead would add blocks.
    private static async Task ReadAsync(MountedAgent agent, int block, string name = "small", string version = "latest")
    {
        int page = block * (SyntheticImage.BlockSize / 4096);
        string[] arguments = [$"if={agent.DiskOf(name, version)}", "of=/dev/null", "bs=4096", $"skip={page}", "count=1", "iflag=direct", "status=none"];
        (await TestProcess.RunAsync("dd", arguments, Limit)).MustSucceed();
    }

    private static async Task<JsonElement> BootAsync(MountedAgent agent, string state)
    {
        JsonElement boot = default;
        await Eventually.IsSoAsync(async () =>
        {
            using JsonDocument status = await agent.StatusAsync();
            JsonElement[] boots = [.. status.RootElement.GetProperty("boots").EnumerateArray()];
            if (boots.Length != 1 || boots[0].GetProperty("state").GetString() != state) return false;
            boot = boots[0].Clone();
            return true;
        });
        return boot;
    }
}
