using OsCircular.Blocks;
using OsCircular.Cache;
using OsCircular.Sources;
using OsCircular.TestKit.Sources;

namespace OsCircular.Tests.Cache;

public sealed class CachedBlockSourceTests : BlockSourceWrapperConformance
{
    private static readonly byte[] TheBlock = TestBlocks.Make(1, 50_000);
    private readonly List<TestCache> _caches = [];

    public override async ValueTask DisposeAsync()
    {
        foreach (TestCache cache in _caches) await cache.DisposeAsync();
        await base.DisposeAsync();
    }

    internal static CachedBlockSource Cached(BlockStore store, IBlockSource upstream) => new CachedBlockSource(store, new KeepingSource(store, upstream, SourceKind.Mirror));

    protected override IBlockSource Wrap(IBlockSource inner, TimeProvider time) => Cached(NewCache().Blocks, inner);

    [Fact]
    public async Task Fetch_SecondTime_DoesNotAskUpstream()
    {
        var upstream = new FakeBlockSource();
        upstream.Add(TheBlock);
        var source = Cached(NewCache().Blocks, upstream);

        Assert.True((await FetchAsync(source)).Succeeded);
        Assert.True((await FetchAsync(source)).Succeeded);
        Assert.Equal(1, upstream.Calls);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Fetch_DamagedFile_GivesRightBytesAndHeals(bool foundByAReaderFirst)
    {
        TestCache cache = NewCache();
        var upstream = new FakeBlockSource();
        BlockName name = upstream.Add(TheBlock);
        var source = Cached(cache.Blocks, upstream);
        await FetchAsync(source);
        byte[] spoilt = [.. TheBlock];
        spoilt[777] ^= 0x10;
        File.WriteAllBytes(cache.FileOf(name), spoilt);
        if (foundByAReaderFirst) Assert.Equal(SourceError.Invalid, cache.Blocks.TryRead(name, TheBlock.Length, new byte[TheBlock.Length], out _));

        Fetched fetched = await FetchAsync(source);
        Assert.Equal(TheBlock, fetched.Block.Bytes.ToArray());
        Assert.Equal(2, upstream.Calls);
        Assert.Equal(TheBlock, File.ReadAllBytes(cache.FileOf(name)));
        Assert.Equal(1, cache.Cache.Counters[CacheCounter.Damaged]);
        Assert.Equal(1, cache.Cache.Counters[CacheCounter.Healed]);
    }

    [Fact]
    public async Task Fetch_NothingCanBeStored_StillYieldsTheBlock()
    {
        TestCache cache = NewCache();
        var upstream = new FakeBlockSource();
        upstream.Add(TheBlock);
        Directory.Delete(Path.Combine(cache.Path, "tmp"));
        var source = Cached(cache.Blocks, upstream);

        Assert.Equal(TheBlock, (await FetchAsync(source)).Block.Bytes.ToArray());
        Assert.Equal(1, cache.Cache.Counters[CacheCounter.NotStored]);
    }

    [Fact]
    public async Task Fetch_UpstreamFails_GivesTheRoomBack()
    {
        TestCache cache = NewCache();
        var source = Cached(cache.Blocks, new FakeBlockSource());
        Assert.Equal(SourceError.Missing, (await FetchAsync(source)).Error);
        Assert.Equal(0, cache.Cache.Status.ReservedBytes);
    }

    [Fact]
    public void ToString_NamesTheChainDown() =>
        Assert.Equal("cache -> fake", Cached(NewCache().Blocks, new FakeBlockSource()).ToString());

    private static ValueTask<Fetched> FetchAsync(CachedBlockSource source) => source.FetchAsync(TestBlocks.Request(TheBlock), new byte[TheBlock.Length], default);

    // Opening waits for the disk only; the contract's Wrap is synchronous.
    private TestCache NewCache()
    {
        TestCache cache = TestCache.OpenAsync().GetAwaiter().GetResult();
        _caches.Add(cache);
        return cache;
    }
}
