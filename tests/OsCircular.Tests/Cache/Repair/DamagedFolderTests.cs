using OsCircular.Blocks;
using OsCircular.Cache;
using OsCircular.Cache.Repair;
using OsCircular.Sources;
using OsCircular.TestKit.Peers;
using OsCircular.TestKit.Sources;

namespace OsCircular.Tests.Cache.Repair;

public sealed class DamagedFolderTests
{
    private const int Length = 70_000;

    [Fact]
    public async Task TryRead_DamagedFile_IsKeptToBeLookedAtAndCountsInTheQuota()
    {
        await using TestCache cache = await TestCache.OpenAsync();
        byte[] block = TestBlocks.Make(1, Length), spoilt = Spoil(cache, block);

        Assert.Equal(SourceError.Invalid, cache.Read(block));

        string kept = Assert.Single(Directory.GetFiles(Path.Combine(cache.Path, "agent", "damaged")));
        Assert.EndsWith($"-{BlockName.Of(block)}", kept, StringComparison.Ordinal);
        Assert.Equal(spoilt, File.ReadAllBytes(kept));
        Assert.Equal((1, (long)Length), cache.Cache.Status.KeptAside);
    }

    [Fact]
    public async Task TryRead_ManyDamagedFiles_KeepsTheLastOnesWithinBounds()
    {
        await using TestCache cache = await TestCache.OpenAsync();
        byte[][] blocks = [.. Enumerable.Range(0, DamagedFolder.MaxFiles + 20).Select(i => TestBlocks.Make(i, Length))];
        foreach (byte[] block in blocks) Spoil(cache, block);
        foreach (byte[] block in blocks) Assert.Equal(SourceError.Invalid, cache.Read(block));

        (int files, long bytes) = cache.Cache.Status.KeptAside;
        Assert.InRange(bytes, Length, TestCache.Roomy.Quota!.Value / 64);
        Assert.InRange(files, 1, DamagedFolder.MaxFiles);
        Assert.Equal(files, Directory.GetFiles(Path.Combine(cache.Path, "agent", "damaged")).Length);

        await cache.ReopenAsync();
        Assert.Equal((files, bytes), cache.Cache.Status.KeptAside);
    }

    [Fact]
    public async Task TryRead_ThreeDamagedFiles_AreNamedAndTheDiskIsBlamedLoudlyOnce()
    {
        var log = new RecordedLog();
        await using TestCache cache = await TestCache.OpenAsync();
        await cache.Cache.DisposeAsync();
        await using BlockCache logged = BlockCache.Open(cache.Path, TestCache.Roomy, _ => false, TimeProvider.System, log);
        await logged.Loaded.WaitAsync(TimeSpan.FromSeconds(30));
        byte[][] blocks = [.. Enumerable.Range(0, 5).Select(i => TestBlocks.Make(i, Length))];
        foreach (byte[] block in blocks)
        {
            Assert.True(TestCache.TryStore(logged.Blocks, block));
            File.WriteAllBytes(cache.FileOf(BlockName.Of(block)), block[..4096]);
            Assert.Equal(SourceError.Invalid, logged.Blocks.TryRead(BlockName.Of(block), Length, new byte[Length], out _));
        }

        string first = Assert.Single(log.Lines, line => line.Contains(RepositoryPaths.Block(BlockName.Of(blocks[0])), StringComparison.Ordinal));
        Assert.Contains("4096 bytes, 70000 were stored", first, StringComparison.Ordinal);
        Assert.Single(log.Lines, line => line.StartsWith("Error: The cache disk gave 3 damaged files in the last hour", StringComparison.Ordinal));
        Assert.Equal(5, logged.Status.DamagedLastHour);
    }

    private static byte[] Spoil(TestCache cache, byte[] block)
    {
        BlockName name = cache.Store(block);
        byte[] spoilt = [.. block];
        spoilt[100] ^= 1;
        File.WriteAllBytes(cache.FileOf(name), spoilt);
        return spoilt;
    }
}
