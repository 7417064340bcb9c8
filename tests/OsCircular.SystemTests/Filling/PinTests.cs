using System.Text.Json;
using OsCircular.SystemTests.Faults;
using OsCircular.TestKit;
using OsCircular.TestKit.Programs;

namespace OsCircular.SystemTests.Filling;

/// <summary><c>pin</c> and <c>unpin</c>: what is pinned is filled over kills and restarts, and then served without any mirror.</summary>
public sealed class PinTests
{
    [Fact(Timeout = 120_000)]
    public async Task Pin_AgentKilledWhileFilling_TheNextGoesOnAndTheDiskIsReadOffline()
    {
        await using SmallRepository small = await SmallRepository.CreateAsync();
        await using Nginx mirror = await Nginx.StartAsync(small.Repository.Folder);
        string cache = Path.Combine(small.Files, "cache");
        await using (MountedAgent agent = await small.MountAsync([mirror.Url], cache, "--fill-rate", "4MiB", "--takeover-time", "0"))
        {
            (await PinAsync(cache, "small")).MustSucceed();
            await Eventually.IsSoAsync(async () => FillOf(await StatusAsync(agent)).GetProperty("bytesDone").GetInt64() > 2 << 20);
            agent.Process.Kill();
        }

        // Its catalogue is lost too.
        foreach (string file in Directory.GetFiles(Path.Combine(cache, "agent"), "catalog.*")) File.Delete(file);
        await using MountedAgent next = await small.MountAsync([mirror.Url], cache);
        await Eventually.IsSoAsync(async () => PinOf(await StatusAsync(next)).GetProperty("state").GetString() == "held");
        Assert.Contains("small: 1 is held", (await OsCircularProgram.RunAsync("status", "--cache", cache)).MustSucceed().Output, StringComparison.Ordinal);
        await mirror.StopAsync();
        await Disk.AssertSameAsync(small.Image, next.DiskOf("small"));
        Refusal.Assert(await FillAsync(cache, "small@1", "--stop"), "small is pinned");
        (await UnpinAsync(cache, "small")).MustSucceed();
        Assert.False(File.Exists(Path.Combine(cache, "agent", "pins.json")));
    }

    [Fact(Timeout = 120_000)]
    public async Task Pin_WithoutAnAgent_IsDoneByTheNext()
    {
        await using SmallRepository small = await SmallRepository.CreateAsync();
        string cache = Path.Combine(small.Files, "cache");
        Refusal.Assert(await PinAsync(small.Files, "small"), "adopted no head");
        await using (await small.MountAsync([small.Repository.Folder], cache))
        {
        }

        Refusal.Assert(await PinAsync(cache, "small", "--wait"), "nothing to wait for");
        Refusal.Assert(await PinAsync(cache, "small@7"), "not on offer");
        Refusal.Assert(await FillAsync(cache, "small"), "oscircular pin small");
        Assert.Contains("the next one fills it", (await PinAsync(cache, "small@1")).MustSucceed().Output, StringComparison.Ordinal);
        Refusal.Assert(await UnpinAsync(cache, "small"), "pinned are: small@1");
        await using MountedAgent agent = await small.MountAsync([small.Repository.Folder], cache);
        using (JsonDocument pin = JsonDocument.Parse((await PinAsync(cache, "small@1", "--wait", "--json")).MustSucceed().Output))
            Assert.Equal(("held", "1"), (pin.RootElement.GetProperty("state").GetString(), pin.RootElement.GetProperty("keeps").GetString()));
        Refusal.Assert(await UnpinAsync(cache, "other"), "other is not pinned");
    }

    [Fact(Timeout = 120_000)]
    public async Task Pin_BeyondTheQuota_IsRefusedWithTheNumbers()
    {
        await using SmallRepository small = await SmallRepository.CreateAsync();
        await using MountedAgent agent = await small.MountAsync([small.Repository.Folder], null, "--quota", "16MiB");
        Refusal.Assert(await PinAsync(agent.Cache, "small"), "of the quota of 16 MiB only");
        Assert.Empty((await StatusAsync(agent)).GetProperty("pins").EnumerateArray());
    }

    private static async Task<JsonElement> StatusAsync(MountedAgent agent)
    {
        using JsonDocument status = await agent.StatusAsync();
        return status.RootElement.Clone();
    }

    private static JsonElement PinOf(JsonElement status) => Assert.Single(status.GetProperty("pins").EnumerateArray());

    private static JsonElement FillOf(JsonElement status) => Assert.Single(status.GetProperty("filling").EnumerateArray());

    private static Task<ProcessResult> PinAsync(string cache, params IEnumerable<string> arguments) => OsCircularProgram.RunAsync(["pin", "--cache", cache, .. arguments]);

    private static Task<ProcessResult> UnpinAsync(string cache, params IEnumerable<string> arguments) => OsCircularProgram.RunAsync(["unpin", "--cache", cache, .. arguments]);

    private static Task<ProcessResult> FillAsync(string cache, params IEnumerable<string> arguments) => OsCircularProgram.RunAsync(["fill", "--cache", cache, .. arguments]);
}
