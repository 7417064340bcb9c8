using System.Text.Json;
using OsCircular.TestKit;
using OsCircular.TestKit.Programs;

namespace OsCircular.SystemTests.Faults;

/// <summary>Bytes that are not what they should be, in the cache and from a mirror: readers never see them.</summary>
public sealed class DamageTests
{
    [Fact(Timeout = 120_000)]
    public async Task Cache_BitFlipped_IsFetchedAgainAndCounted()
    {
        await using SmallRepository small = await SmallRepository.CreateAsync();
        using var cache = new TempDirectory();
        await using Nginx mirror = await Nginx.StartAsync(small.Repository.Folder);
        await using (MountedAgent agent = await small.MountAsync([mirror.Url], cache.Path))
            await Disk.AssertSameAsync(small.Image, agent.DiskOf("small"));

        string damaged = TestRepository.BlockFiles(cache.Path).MaxBy(file => new FileInfo(file).Length)!;
        byte[] good = await File.ReadAllBytesAsync(damaged);
        FlipABit(damaged);
        int before = RequestsFor(mirror, damaged);

        await using MountedAgent second = await small.MountAsync([mirror.Url], cache.Path);
        await Disk.AssertSameAsync(small.Image, second.DiskOf("small"));
        Assert.Equal(good, await File.ReadAllBytesAsync(damaged));
        Assert.Equal(before + 1, RequestsFor(mirror, damaged));
        using JsonDocument status = await second.StatusAsync();
        Assert.Equal(1, status.RootElement.GetProperty("cache").GetProperty("damaged").GetInt32());
    }

    [Fact(Timeout = 120_000)]
    public async Task Mirror_WrongBytes_IsLeftForTheOther()
    {
        await using SmallRepository small = await SmallRepository.CreateAsync();
        string copy = Path.Combine(small.Files, "wrong");
        await TestProcess.ShellAsync("cp -r \"$1\" \"$2\"", small.Repository.Folder, copy);
        string[] blocks = TestRepository.BlockFiles(copy);
        Array.ForEach(blocks, FlipABit);
        await using Nginx wrong = await Nginx.StartAsync(copy);
        await using Nginx right = await Nginx.StartAsync(small.Repository.Folder);

        await using MountedAgent agent = await small.MountAsync([wrong.Url, right.Url]);
        await Disk.AssertSameAsync(small.Image, agent.DiskOf("small"));
        Assert.InRange(BlockRequests(wrong), 1, blocks.Length / 2);
        Assert.Equal(blocks.Length, TestRepository.BlockFiles(agent.Cache).Length);
    }

    private static void FlipABit(string file)
    {
        byte[] bytes = File.ReadAllBytes(file);
        bytes[bytes.Length / 2] ^= 1;
        File.WriteAllBytes(file, bytes);
    }

    private static int RequestsFor(Nginx mirror, string blockFile) => mirror.Requests().Count(line => line.Contains(Path.GetFileName(blockFile), StringComparison.Ordinal));

    private static int BlockRequests(Nginx mirror) => mirror.Requests().Count(line => line.Contains("/blocks/", StringComparison.Ordinal));
}
