using OsCircular.SystemTests.Faults;
using OsCircular.TestKit;
using OsCircular.TestKit.Images;
using OsCircular.TestKit.Programs;

namespace OsCircular.SystemTests.Keeping;

/// <summary>A repository beyond one web server: behind a site's cache, and in an object store.</summary>
public sealed class SiteTests
{
    private const string HeadLast = """
        location = /head.minisig { add_header Cache-Control no-cache; }
        location / { add_header Cache-Control "public, max-age=31536000, immutable"; }
        """;

    [Fact(Timeout = 120_000)]
    public async Task Squid_SecondHost_TakesNothingButTheHeadFromBeyondTheSite()
    {
        await using SmallRepository small = await SmallRepository.CreateAsync(blocks: 64);
        await using Nginx far = await Nginx.StartAsync(small.Repository.Folder, HeadLast);
        await using Squid site = await Squid.StartAsync(far.Url);
        await using (MountedAgent first = await small.MountAsync([site.Url])) await Disk.AssertSameAsync(small.Image, first.DiskOf("small"));
        string[] before = far.Requests();
        Assert.Contains(before, line => line.Contains("GET /blocks/", StringComparison.Ordinal));

        await using (MountedAgent second = await small.MountAsync([site.Url])) await Disk.AssertSameAsync(small.Image, second.DiskOf("small"));

        Assert.All(far.Requests()[before.Length..], line => Assert.Contains("GET /head.minisig", line, StringComparison.Ordinal));
    }

    [Fact(Timeout = 120_000)]
    public async Task Squid_NextVersion_IsSeenAtOnceThroughTheCache()
    {
        await using SmallRepository small = await SmallRepository.CreateAsync(blocks: 32);
        await using Nginx far = await Nginx.StartAsync(small.Repository.Folder, HeadLast);
        await using Squid site = await Squid.StartAsync(far.Url);
        await using MountedAgent agent = await small.MountAsync([site.Url], null, "--refresh", "1s");
        await Disk.AssertSameAsync(small.Image, agent.DiskOf("small", "1"));
        SyntheticImage.Change(small.Image, seed: 9, 5, 6);
        await small.Repository.PublishAsync(small.Image, "small");

        await Eventually.IsSoAsync(() => Directory.Exists(Path.Combine(agent.Directory, "small", "2")));
        await Disk.AssertSameAsync(small.Image, agent.DiskOf("small", "2"));
    }

    [Fact(Timeout = 120_000)]
    public async Task ObjectStore_HeadPutLast_IsAMirrorAndIsCopiedFrom()
    {
        await using SmallRepository small = await SmallRepository.CreateAsync(blocks: 32);
        await using ObjectStore store = await ObjectStore.StartAsync();
        await store.PutAsync(small.Repository.Folder, "! -name head.minisig");
        await store.PutAsync(small.Repository.Folder, "-name head.minisig");

        await using (MountedAgent agent = await small.MountAsync([store.Url])) await Disk.AssertSameAsync(small.Image, agent.DiskOf("small"));
        string copy = Path.Combine(small.Files, "copy");
        (await OsCircularProgram.RunAsync("mirror", store.Url, copy, "--public-key", small.Repository.PublicKey)).MustSucceed();
        (await OsCircularProgram.RunAsync("verify", copy, "--public-key", small.Repository.PublicKey)).MustSucceed();
    }
}
