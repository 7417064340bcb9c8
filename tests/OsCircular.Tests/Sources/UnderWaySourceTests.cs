using OsCircular.Blocks;
using OsCircular.Sources;
using OsCircular.TestKit.Sources;

namespace OsCircular.Tests.Sources;

public sealed class UnderWayConformanceTests : BlockSourceWrapperConformance
{
    protected override IBlockSource Wrap(IBlockSource inner, TimeProvider time) => new UnderWaySource(inner);
}

public sealed class UnderWaySourceTests
{
    private static readonly byte[] Block = TestBlocks.Make(1);
    private static readonly BlockName Name = BlockName.Of(Block);

    private readonly FakeBlockSource _inner = new() { Gate = FakeBlockSource.Closed() };
    private readonly UnderWaySource _source;

    public UnderWaySourceTests()
    {
        _inner.Add(Block);
        _source = new UnderWaySource(_inner);
    }

    [Fact]
    public async Task IsUnderWay_FromBeginToEnd_AndNotBeforeOrAfter()
    {
        Assert.False(_source.IsUnderWay(Name));
        Task<Fetched> fetch = FetchAsync(Block.Length);
        Assert.True(_source.IsUnderWay(Name));
        Assert.False(_source.IsUnderWay(BlockName.Of(TestBlocks.Make(2))));
        _inner.Gate.SetResult();
        Assert.True((await fetch).Succeeded);
        Assert.False(_source.IsUnderWay(Name));
    }

    [Fact]
    public async Task IsUnderWay_TwoFetchesOfOneName_UntilBothHaveEnded()
    {
        using var cancel = new CancellationTokenSource();
        Task<Fetched> first = FetchAsync(Block.Length);
        Task<Fetched> second = FetchAsync(Block.Length - 1, cancel.Token);
        await cancel.CancelAsync();
        await second;
        Assert.True(_source.IsUnderWay(Name));
        _inner.Gate.SetResult();
        await first;
        Assert.False(_source.IsUnderWay(Name));
    }

    [Fact]
    public async Task IsUnderWay_InnerThrows_IsOver()
    {
        UnderWaySource source = new(new FaultySource(_inner, (_, _) => throw new InvalidOperationException("defect")));
        await Assert.ThrowsAsync<InvalidOperationException>(() => source.FetchAsync(TestBlocks.Request(Block), new byte[Block.Length], default).AsTask());
        Assert.False(source.IsUnderWay(Name));
    }

    [Fact]
    public async Task IsUnderWay_AfterManyParallelFetches_NothingIsLeft()
    {
        _inner.Gate.SetResult();
        await Parallel.ForEachAsync(Enumerable.Range(0, 2000), async (_, token) => await FetchAsync(Block.Length, token));
        Assert.False(_source.IsUnderWay(Name));
    }

    private Task<Fetched> FetchAsync(int length, CancellationToken cancellationToken = default) =>
        _source.FetchAsync(TestBlocks.Request(Name, length), new byte[Block.Length], cancellationToken).AsTask();
}
