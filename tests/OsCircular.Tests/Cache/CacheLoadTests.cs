using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using OsCircular.Blocks;
using OsCircular.Cache;
using OsCircular.Sources;
using OsCircular.TestKit.Sources;

namespace OsCircular.Tests.Cache;

public sealed class CacheLoadTests
{
    private static readonly byte[] Held = TestBlocks.Make(1);
    private static readonly byte[] Fresh = TestBlocks.Make(2);

    [Fact]
    public async Task Open_WhileRebuilding_ServesWhatIsThereAndKeepsNothingNew()
    {
        await using TestCache cache = await TestCache.OpenAsync();
        cache.Store(Held);
        using TemporaryCopy crashed = new(cache.Path);
        FakeBlockSource upstream = new();
        upstream.Add(Fresh);

        // The first block found holds the rebuild back.
        using ManualResetEventSlim gate = new();
        int calls = 0;
        bool HoldFirst(BlockName name)
        {
            if (Interlocked.Increment(ref calls) == 1) gate.Wait(TimeSpan.FromSeconds(30));
            return false;
        }

        await using BlockCache opened = BlockCache.Open(crashed.Path, TestCache.Roomy, HoldFirst, TimeProvider.System, NullLogger.Instance);
        Assert.True(SpinWait.SpinUntil(() => Volatile.Read(ref calls) > 0, TimeSpan.FromSeconds(30)));
        Assert.Equal(CatalogState.Rebuilding, opened.Status.Catalog);
        CachedBlockSource source = new(opened.Blocks, new KeepingSource(opened.Blocks, upstream, SourceKind.Mirror));
        Assert.True((await source.FetchAsync(TestBlocks.Request(Held), new byte[Held.Length], default)).Succeeded);
        Assert.Equal(0, upstream.Calls);
        Assert.True((await source.FetchAsync(TestBlocks.Request(Fresh), new byte[Fresh.Length], default)).Succeeded);
        Assert.Equal(1, opened.Counters[CacheCounter.NotStored]);
        Assert.True(opened.Blocks.MayHold(BlockName.Of(Fresh)));

        gate.Set();
        await opened.Loaded.WaitAsync(TimeSpan.FromSeconds(30));
        Assert.Equal(CatalogState.Ready, opened.Status.Catalog);
        Assert.Equal(1, opened.Status.Blocks);
        Assert.False(opened.Blocks.MayHold(BlockName.Of(Fresh)));
    }

    [Fact]
    public async Task Dispose_WhileRebuilding_EndsAndLeavesTheLock()
    {
        await using TestCache cache = await TestCache.OpenAsync();
        for (int i = 0; i < 50; i++) cache.Store(TestBlocks.Make(i));
        using TemporaryCopy crashed = new(cache.Path);
        BlockCache opened = BlockCache.Open(crashed.Path, TestCache.Roomy, _ => false, TimeProvider.System, NullLogger.Instance);
        await opened.DisposeAsync().AsTask().WaitAsync(TimeSpan.FromSeconds(30));
        Assert.True(opened.Loaded.IsCompletedSuccessfully);

        await using BlockCache again = await TestCache.OpenAsync(crashed.Path);
        Assert.Equal(50, again.Status.Blocks);
    }

    [Fact]
    public async Task Store_AfterADiskFault_IsTriedAgainOnceTheIntervalIsOver()
    {
        FakeTimeProvider time = new();
        await using TestCache cache = await TestCache.OpenAsync(time: time);
        string inTheWay = Path.GetDirectoryName(cache.FileOf(BlockName.Of(Held)))!;
        File.WriteAllBytes(inTheWay, []);
        Assert.False(TestCache.TryStore(cache.Blocks, Held));
        Assert.Equal(CacheState.Failing, cache.Cache.Status.State);
        Assert.Equal(time.GetUtcNow(), cache.Cache.Status.StateSince);
        Assert.Null(cache.Blocks.TryReserve(1));

        File.Delete(inTheWay);
        TestCache.Eventually(time, () => cache.Cache.Status.State == CacheState.Ok);
        Assert.Equal(0, cache.Cache.Status.ReservedBytes);
        cache.Store(Held);
    }

    [Fact]
    public async Task Reopen_ManyTimes_CountsOverAllRuns()
    {
        await using TestCache cache = await TestCache.OpenAsync();
        cache.Store(Held);
        for (int run = 1; run <= 3; run++)
        {
            Assert.Equal(SourceError.None, cache.Read(Held));
            await cache.ReopenAsync();
            Assert.Equal(run, cache.Cache.Status.Counters[CacheCounter.Hits]);
        }
    }
}
