using OsCircular.Blocks;
using OsCircular.Cache;
using OsCircular.Sources;
using OsCircular.TestKit.Sources;

namespace OsCircular.Tests.Cache;

public sealed class KeepingConformanceTests : BlockSourceWrapperConformance
{
    private readonly List<TestCache> _caches = [];

    public override async ValueTask DisposeAsync()
    {
        foreach (TestCache cache in _caches) await cache.DisposeAsync();
        await base.DisposeAsync();
    }

    protected override IBlockSource Wrap(IBlockSource inner, TimeProvider time)
    {
        TestCache cache = TestCache.OpenAsync().GetAwaiter().GetResult();
        _caches.Add(cache);
        return new KeepingSource(cache.Blocks, inner, SourceKind.Peer);
    }
}

public sealed class KeepingSourceTests
{
    private static readonly byte[] Block = TestBlocks.Make(1);

    private readonly FakeBlockSource _upstream = new();

    public KeepingSourceTests() => _upstream.Add(Block);

    [Theory]
    [InlineData(SourceKind.Peer, HeldChangeKind.Added)]
    [InlineData(SourceKind.Mirror, HeldChangeKind.AddedFromMirror)]
    public async Task Fetch_ABlock_IsKeptAndToldOfByWhereItCameFrom(SourceKind from, HeldChangeKind told)
    {
        await using TestCache cache = await TestCache.OpenAsync();
        long before = cache.Cache.Names.Sequence;
        Assert.True((await FetchAsync(new KeepingSource(cache.Blocks, _upstream, from), Block)).Succeeded);
        Assert.Equal(SourceError.None, cache.Read(Block));

        List<HeldChange> changes = [];
        cache.Cache.Names.CopyChanges(before, changes);
        Assert.Equal([new HeldChange(HeldKey.Of(BlockName.Of(Block)), told)], changes);
    }

    [Fact]
    public async Task Fetch_UpstreamFails_GivesTheRoomBack()
    {
        await using TestCache cache = await TestCache.OpenAsync();
        Assert.Equal(SourceError.Missing, (await FetchAsync(new KeepingSource(cache.Blocks, _upstream, SourceKind.Peer), TestBlocks.Make(2))).Error);
        Assert.Equal(0, cache.Cache.Status.ReservedBytes);
    }

    [Fact]
    public async Task Fetch_NoRoom_IsUsedAllTheSame()
    {
        await using TestCache cache = await TestCache.OpenAsync(new CacheOptions { Quota = 16L << 20, FreeSpaceFloor = long.MaxValue / 2 });
        Assert.True((await FetchAsync(new KeepingSource(cache.Blocks, _upstream, SourceKind.Peer), Block)).Succeeded);
        Assert.Equal(SourceError.Missing, cache.Read(Block));
        Assert.Equal(1, cache.Cache.Counters[CacheCounter.NotStored]);
        Assert.Equal(0, cache.Cache.Status.ReservedBytes);
    }

    private static async Task<Fetched> FetchAsync(KeepingSource source, byte[] block) =>
        await source.FetchAsync(TestBlocks.Request(block), new byte[block.Length], TestContext.Current.CancellationToken);
}
