using System.Text.Json;
using OsCircular.SystemTests.Faults;
using OsCircular.TestKit.Programs;

namespace OsCircular.SystemTests.Filling;

/// <summary><c>fill</c>: all of a version is taken in before anybody reads it.</summary>
public sealed class FillTests
{
    [Fact(Timeout = 120_000)]
    public async Task Fill_Wait_ThenTheWholeDiskIsReadWithoutAMirror()
    {
        await using SmallRepository small = await SmallRepository.CreateAsync();
        await using Nginx mirror = await Nginx.StartAsync(small.Repository.Folder);
        await using MountedAgent agent = await small.MountAsync([mirror.Url], null, "--read-timeout", "4s");
        using (JsonDocument filled = JsonDocument.Parse((await FillAsync(agent, "small", "--wait", "--json")).MustSucceed().Output))
        {
            Assert.Equal("done", filled.RootElement.GetProperty("state").GetString());
            Assert.Equal(SmallRepository.Blocks * 3 / 4, filled.RootElement.GetProperty("blocksDone").GetInt64());
        }

        await mirror.StopAsync();
        await Disk.AssertSameAsync(small.Image, agent.DiskOf("small"));
        using JsonDocument status = await agent.StatusAsync();
        JsonElement fill = Assert.Single(status.RootElement.GetProperty("filling").EnumerateArray());
        Assert.Equal(("small", "1"), (fill.GetProperty("image").GetString(), fill.GetProperty("version").GetString()));
        Assert.Contains("small@1: done", (await OsCircularProgram.RunAsync("status", "--cache", agent.Cache)).MustSucceed().Output, StringComparison.Ordinal);
    }

    [Fact(Timeout = 120_000)]
    public async Task Fill_WithoutWait_GoesOnInTheAgentUntilItIsStopped()
    {
        await using SmallRepository small = await SmallRepository.CreateAsync();
        await using Nginx mirror = await Nginx.StartAsync(small.Repository.Folder);
        await using MountedAgent agent = await small.MountAsync([mirror.Url]);
        await mirror.StopAsync();
        (await FillAsync(agent, "small@1")).MustSucceed();
        Refusal.Assert(await FillAsync(agent, "small@1", "--wait", "--stop"), "not both");
        Assert.Contains("stopped", (await FillAsync(agent, "small@1", "--stop")).MustSucceed().Output, StringComparison.Ordinal);
    }

    [Fact(Timeout = 120_000)]
    public async Task Fill_WhatCannotBe_IsRefusedInOneLine()
    {
        await using SmallRepository small = await SmallRepository.CreateAsync();
        await using MountedAgent agent = await small.MountAsync([small.Repository.Folder], null, "--quota", "16MiB");
        Refusal.Assert(await FillAsync(agent, "small", "--wait"), "16 MiB at most");
        Refusal.Assert(await FillAsync(agent, "small@9"), "small@9");
        Refusal.Assert(await FillAsync(agent, "small", "--stop"), "nothing to stop");
        Refusal.Assert(await OsCircularProgram.RunAsync("fill", "small", "--cache", small.Files), "no agent runs");
    }

    private static Task<ProcessResult> FillAsync(MountedAgent agent, params IEnumerable<string> arguments) =>
        OsCircularProgram.RunAsync(["fill", "--cache", agent.Cache, .. arguments]);
}
