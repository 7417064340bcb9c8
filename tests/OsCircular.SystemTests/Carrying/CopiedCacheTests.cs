using System.Text.Json;
using OsCircular.TestKit.Programs;

namespace OsCircular.SystemTests.Carrying;

/// <summary>A cache is the repository's tree: a copy of one, or one that any web server hands out, is a mirror of what it holds.</summary>
public sealed class CopiedCacheTests
{
    [Fact(Timeout = 120_000)]
    public async Task CopiedCache_AsAFolderAndAsACache_ServesAllOfIt()
    {
        await using Stick stick = await Stick.CreateAsync();
        (await stick.ImportAsync(await stick.ExportAsync("small.tar", "small"), "cache")).MustSucceed();
        await TestProcess.ShellAsync("cp -r \"$1\" \"$2\"", stick["cache"], stick["copy"]);
        await using (MountedAgent agent = await stick.Small.MountAsync([stick["copy"]]))
            await Disk.AssertSameAsync(stick.Small.Image, agent.DiskOf("small"));
        await stick.AssertServesAsync("copy");
    }

    [Fact(Timeout = 120_000)]
    public async Task CacheOfARunningAgent_BehindNginx_IsAMirrorAndKeepsItsSecrets()
    {
        await using Stick stick = await Stick.CreateAsync();
        await using MountedAgent holder = await stick.Small.MountAsync([stick.Repository.Folder], stick["cache"]);
        await Disk.AssertSameAsync(stick.Small.Image, holder.DiskOf("small"));

        // Only what others may read is handed out, as with a web server that runs under a user of its own.
        Assert.Equal("700", (await TestProcess.ShellAsync("stat -c %a \"$1/agent\"", stick["cache"])).Trim());
        await TestProcess.ShellAsync("test -z \"$(find \"$1\" \\( -path \"$1/agent\" -o -path \"$1/tmp\" \\) -prune -o ! -perm -o+r -print)\"", stick["cache"]);
        await using Nginx nginx = await Nginx.StartAsync(stick["cache"], "location /agent/ { deny all; } location /tmp/ { deny all; }");
        await using MountedAgent agent = await stick.Small.MountAsync([nginx.Url]);
        await Disk.AssertSameAsync(stick.Small.Image, agent.DiskOf("small"));
        int blocks = stick.Repository.BlockFiles().Length;
        Assert.Equal(blocks, (await nginx.BlocksGivenAsync(blocks)).Length);
        using JsonDocument status = await agent.StatusAsync();
        Assert.All(Assert.Single(status.RootElement.GetProperty("mirrors").EnumerateArray()).GetProperty("failures").EnumerateObject(), failure => Assert.Equal(0, failure.Value.GetInt64()));
    }
}
