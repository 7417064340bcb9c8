using OsCircular.Blocks;
using OsCircular.Cache;
using OsCircular.Sources;
using OsCircular.TestKit.Sources;

namespace OsCircular.Tests.Cache;

public sealed class BlockStoreRaceTests
{
    private const int Quota = 60_000;
    private static readonly byte[][] Blocks = [.. Enumerable.Range(0, 24).Select(i => TestBlocks.Make(i, 4000))];

    [Fact]
    public async Task ManyThreads_StoreEvictDamageAndHeal_NeverAWrongByte()
    {
        await using TestCache cache = await TestCache.OpenAsync(new CacheOptions { Quota = Quota, FreeSpaceFloor = 0 });
        FakeBlockSource upstream = new();
        foreach (byte[] block in Blocks) upstream.Add(block);
        CachedBlockSource source = new(cache.Blocks, new KeepingSource(cache.Blocks, upstream, SourceKind.Mirror));

        await Task.WhenAll(Enumerable.Range(0, 6).Select(worker => Task.Run(() => WorkAsync(cache, source, new Random(worker))))).WaitAsync(TimeSpan.FromSeconds(60));

        CacheStatus status = cache.Cache.Status;
        long onDisk = Directory.EnumerateFiles(Path.Combine(cache.Path, "blocks"), "*", SearchOption.AllDirectories).Sum(file => new FileInfo(file).Length);
        Assert.Equal(onDisk, status.BlockBytes);
        Assert.InRange(onDisk, 0, Quota);
        Assert.Equal(0, status.ReservedBytes);
        Assert.True(status.Counters[CacheCounter.Evicted] > 0);
        Assert.True(status.Counters[CacheCounter.Healed] > 0);
        Assert.DoesNotContain(cache.Cache.DamagedBlocks, cache.Blocks.Check);
        Assert.Empty(Directory.EnumerateFiles(Path.Combine(cache.Path, "tmp")));
    }

    private static async Task WorkAsync(TestCache cache, CachedBlockSource source, Random random)
    {
        byte[] buffer = new byte[4000];
        for (int i = 0; i < 400; i++)
        {
            byte[] block = Blocks[random.Next(Blocks.Length)];
            if (i % 10 == 0) Damage(cache.FileOf(BlockName.Of(block)));
            Fetched fetched = await source.FetchAsync(TestBlocks.Request(block), buffer, default);
            Assert.Equal(SourceError.None, fetched.Error);
            Assert.Equal(block, buffer);
        }
    }

    // In place, as a bad disk would: never making a file that is not there.
    private static void Damage(string path)
    {
        try
        {
            using FileStream file = new(path, FileMode.Open, FileAccess.Write, FileShare.ReadWrite | FileShare.Delete);
            file.Position = 1234;
            file.Write([0xff, 0xfe, 0xfd]);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
        }
    }
}
