using System.Text.Json;
using OsCircular.SystemTests.Mounting;
using OsCircular.TestKit.Programs;

namespace OsCircular.SystemTests.Carrying;

/// <summary><c>export</c> and <c>import</c>: versions in one plain file, to hosts that no network reaches.</summary>
public sealed class CarryTests
{
    [Fact(Timeout = 120_000)]
    public async Task Export_OfARepository_IsATarThatServesAHostWithoutAMirror()
    {
        await using Stick stick = await Stick.CreateAsync();
        string file = await stick.ExportAsync("small.tar", "small");
        string[] entries = (await TestProcess.ShellAsync("tar tf \"$1\"", file)).Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal("head.minisig", entries[0]);
        Assert.StartsWith("manifests/", entries[1], StringComparison.Ordinal);
        Assert.Equal(stick.Repository.BlockFiles().Length, entries.Count(entry => entry.StartsWith("blocks/", StringComparison.Ordinal)));
        Assert.True(entries.SkipWhile(entry => !entry.StartsWith("blocks/", StringComparison.Ordinal)).All(entry => entry.StartsWith("blocks/", StringComparison.Ordinal)));

        ProcessResult import = (await stick.ImportAsync(file, "cache")).MustSucceed();
        Assert.Contains("small@1  all held", import.Output, StringComparison.Ordinal);
        (await OsCircularProgram.RunAsync("verify", stick["cache"], "--public-key", stick.PublicKey)).MustSucceed();
        await stick.AssertServesAsync("cache");

        // And on from there: the cache holds all of it.
        (await OsCircularProgram.RunAsync("export", stick["again.tar"], "--cache", stick["cache"], "small@1")).MustSucceed();
        Assert.Equal(string.Join('\n', entries) + "\n", await TestProcess.ShellAsync("tar tf \"$1\"", stick["again.tar"]));
    }

    [Fact(Timeout = 120_000)]
    public async Task Export_Unpacked_IsAMirror()
    {
        await using Stick stick = await Stick.CreateAsync();
        string file = await stick.ExportAsync("small.tar", "small");
        Directory.CreateDirectory(stick["unpacked"]);
        await TestProcess.ShellAsync("tar xf \"$1\" -C \"$2\"", file, stick["unpacked"]);
        (await OsCircularProgram.RunAsync("verify", stick["unpacked"], "--public-key", stick.PublicKey)).MustSucceed();
        await using MountedAgent agent = await stick.Small.MountAsync([stick["unpacked"]]);
        await Disk.AssertSameAsync(stick.Small.Image, agent.DiskOf("small"));
    }

    [Fact(Timeout = 120_000)]
    public async Task Import_WhereAnAgentRuns_IsShownAtOnceAndReadWithoutAMirror()
    {
        await using Stick stick = await Stick.CreateAsync();
        (await stick.ImportAsync(await stick.ExportAsync("1.tar", "small"), "cache")).MustSucceed();
        await using MountedAgent agent = await stick.Small.MountAsync([], stick["cache"], "--read-timeout", "4s");
        string next = await stick.PublishNextAsync(1, 2, 50);
        string file = await stick.ExportAsync("2.tar", "small", "--have", "small@1");

        using (JsonDocument import = JsonDocument.Parse((await stick.ImportAsync(file, "cache", "--json")).MustSucceed().Output))
        {
            Assert.Equal("adopted", import.RootElement.GetProperty("head").GetString());
            Assert.Equal(3, import.RootElement.GetProperty("blocks").GetInt64());
            Assert.True(Assert.Single(import.RootElement.GetProperty("versions").EnumerateArray()).GetProperty("isWhole").GetBoolean());
        }

        await Disk.AssertSameAsync(next, agent.DiskOf("small"));
        await Disk.AssertSameAsync(stick.Small.Image, agent.DiskOf("small", "1"));

        // Refused by the agent in words of its own, and all goes on.
        using TestRepository other = await TestRepository.CreateAsync();
        Refusal.Assert(await OsCircularProgram.RunAsync("import", file, "--cache", agent.Cache, "--public-key", other.PublicKey), "trusts key");
        Refusal.Assert(await stick.ImportAsync(next, "cache"), "is no export");
        await Disk.AssertSameAsync(next, agent.DiskOf("small"));
    }

    [Fact(Timeout = 120_000)]
    public async Task Export_WhatTheReceiverHas_IsLeftOutAndMissedIfItWasNotSo()
    {
        await using Stick stick = await Stick.CreateAsync();
        string first = await stick.ExportAsync("1.tar", "small");
        (await stick.ImportAsync(first, "cache")).MustSucceed();
        string next = await stick.PublishNextAsync(1, 2, 50);
        await TestProcess.ShellAsync("find \"$1/blocks\" -type f > \"$2\"", stick["cache"], stick["list"]);
        foreach (string have in (string[])["small@1", first, stick["list"], stick["cache"]])
        {
            using JsonDocument export = JsonDocument.Parse((await stick.TryExportAsync("2.tar", "small", "--have", have, "--json")).MustSucceed().Output);
            Assert.Equal((3, stick.Repository.BlockFiles().Length - 6), (export.RootElement.GetProperty("blocks").GetInt64(), export.RootElement.GetProperty("leftOut").GetInt64()));
        }

        ProcessResult lacking = (await stick.ImportAsync(stick["2.tar"], "other")).MustSucceed();
        Assert.Contains($"small@2  lacks {stick.Repository.BlockFiles().Length - 6} blocks", lacking.Output, StringComparison.Ordinal);
        (await stick.ImportAsync(first, "other")).MustSucceed();
        await stick.AssertServesAsync("other", next);
        Refusal.Assert(await stick.TryExportAsync("2.tar", "small", "--have", "nothing"), "nothing@latest is no version");
        Refusal.Assert(await stick.TryExportAsync("2.tar", "small", "--have", stick.PublicKey), "names no block files");
    }

    [Fact(Timeout = 120_000)]
    public async Task Head_Expired_IsImportedOnlyWhenToldAndServedForEver()
    {
        await using Stick stick = await Stick.CreateAsync();
        await ForgedHead.SignAsync(stick.Repository, "expires:2020-01-01");
        string file = await stick.ExportAsync("small.tar", "small");
        Refusal.Assert(await stick.ImportAsync(file, "cache"), "--allow-expired");
        Assert.Empty(TestRepository.BlockFiles(stick["cache"]));
        (await stick.ImportAsync(file, "cache", "--allow-expired")).MustSucceed();
        (await stick.ImportAsync(file, "cache")).MustSucceed();
        await using MountedAgent agent = await stick.Small.MountAsync([], stick["cache"]);
        await Disk.AssertSameAsync(stick.Small.Image, agent.DiskOf("small"));
        using JsonDocument status = await agent.StatusAsync();
        Assert.Equal("2020-01-02", status.RootElement.GetProperty("repository").GetProperty("staleSince").GetString()?[..10]);
    }

    [Fact(Timeout = 120_000)]
    public async Task Head_OlderOrForeign_AdoptionKeepsItsRules()
    {
        await using Stick stick = await Stick.CreateAsync();
        string first = await stick.ExportAsync("1.tar", "small");
        string next = await stick.PublishNextAsync(1);
        (await stick.ImportAsync(await stick.ExportAsync("2.tar", "small"), "cache")).MustSucceed();

        // An older head stays out; what its versions need comes in, for they are on offer still.
        Assert.Contains("older than what was adopted before", (await stick.ImportAsync(first, "cache")).MustSucceed().Output, StringComparison.Ordinal);
        await stick.AssertServesAsync("cache", next);
        await stick.AssertServesAsync("cache", version: "1");

        await using Stick other = await Stick.CreateAsync(blocks: 8);
        string foreign = await other.ExportAsync("foreign.tar", "small");
        Refusal.Assert(await stick.ImportAsync(foreign, "cache"), "is signed with key");
        Refusal.Assert(await OsCircularProgram.RunAsync("import", foreign, "--cache", stick["cache"], "--public-key", other.PublicKey), "trusts key");
    }

    [Fact(Timeout = 120_000)]
    public async Task Room_TooLittle_IsRefusedWithTheNumbersBeforeAnythingIsTaken()
    {
        await using Stick stick = await Stick.CreateAsync(blocks: 256);
        string file = await stick.ExportAsync("small.tar", "small");
        Refusal.Assert(await stick.ImportAsync(file, "cache", "--quota", "16MiB"), "the cache holds 16 MiB at most");
        Assert.Empty(TestRepository.BlockFiles(stick["cache"]));
        Assert.False(File.Exists(Path.Combine(stick["cache"], "head.minisig")));
    }

    [Fact(Timeout = 120_000)]
    public async Task Export_WhatIsNotAllThere_IsRefusedAndLeavesNoFile()
    {
        await using Stick stick = await Stick.CreateAsync();
        string[] blocks = stick.Repository.BlockFiles();
        Refusal.Assert(await stick.TryExportAsync("small.tar", "small@9"), "small@9 is not on offer");
        await using (FileStream damaged = File.OpenWrite(blocks[3])) damaged.WriteByte((byte)'X');
        Refusal.Assert(await stick.TryExportAsync("small.tar", "small"), $"{Path.GetFileName(blocks[3])} is damaged");
        File.Delete(blocks[3]);
        Refusal.Assert(await stick.TryExportAsync("small.tar", "small"), "lacks 1 blocks of small@1");
        Assert.Empty(Directory.GetFiles(Path.GetDirectoryName(stick["small.tar"])!));
    }
}
