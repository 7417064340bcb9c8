using Microsoft.Extensions.Time.Testing;
using OsCircular.Sources;
using OsCircular.TestKit.Sources;

namespace OsCircular.Tests.Sources;

public sealed class FallbackConformanceTests : BlockSourceWrapperConformance
{
    protected override IBlockSource Wrap(IBlockSource inner, TimeProvider time) => new FallbackSource(new FakeBlockSource(), inner);
}

public sealed class FallbackSourceTests
{
    private static readonly byte[] TheBlock = TestBlocks.Make(1);

    [Theory]
    [InlineData(SourceError.Missing)]
    [InlineData(SourceError.Unreachable)]
    [InlineData(SourceError.Invalid)]
    public async Task Fetch_FirstFails_AsksTheSecond(SourceError error)
    {
        var second = new FakeBlockSource();
        second.Add(TheBlock);
        var source = new FallbackSource(new FaultySource(new FakeBlockSource(), (_, _) => error), second);
        Assert.True((await FetchAsync(source)).Succeeded);
    }

    [Fact]
    public async Task Fetch_FirstYields_NeverAsksTheSecond()
    {
        var first = new FakeBlockSource();
        first.Add(TheBlock);
        var second = new FakeBlockSource();
        Assert.True((await FetchAsync(new FallbackSource(first, second))).Succeeded);
        Assert.Equal(0, second.Calls);
    }

    [Fact]
    public async Task Fetch_FirstUnreachableSecondMissing_TellsTheFirstsError()
    {
        var first = new FaultySource(new FakeBlockSource(), (_, _) => SourceError.Unreachable);
        Assert.Equal(SourceError.Unreachable, (await FetchAsync(new FallbackSource(first, new FakeBlockSource()))).Error);
    }

    [Fact]
    public async Task Fetch_FirstHangs_TheSecondIsTriedWithinTheFirstHalf()
    {
        var time = new FakeTimeProvider();
        var second = new FakeBlockSource();
        second.Add(TheBlock);
        var source = new FallbackSource(new FakeBlockSource { Gate = FakeBlockSource.Closed() }, second);
        Task<Fetched> fetch = source.FetchAsync(TestBlocks.Request(TheBlock, time: time), new byte[TheBlock.Length], default).AsTask();
        time.Advance(TimeSpan.FromSeconds(16));
        Assert.True((await fetch).Succeeded);
    }

    [Fact]
    public async Task Fetch_FirstHasALargerShare_TheSecondStillBeginsWithinTheFirstHalf()
    {
        var time = new FakeTimeProvider();
        var second = new FakeBlockSource();
        second.Add(TheBlock);
        var source = new FallbackSource(new FakeBlockSource { Gate = FakeBlockSource.Closed() }, second, share: 0.9);
        Task<Fetched> fetch = source.FetchAsync(TestBlocks.Request(TheBlock, time: time), new byte[TheBlock.Length], default).AsTask();
        time.Advance(TimeSpan.FromSeconds(26.9));
        Assert.False(fetch.IsCompleted);
        time.Advance(TimeSpan.FromSeconds(0.2));
        Assert.True((await fetch).Succeeded);
    }

    [Fact]
    public void ToString_OfAChain_ReadsAsADiagram() => Assert.Equal(
        "single flight -> priorities -> (peers | mirrors)",
        new SingleFlightSource(
            new PrioritySource(new FallbackSource(new FakeBlockSource("peers"), new FakeBlockSource("mirrors")), 8, TimeProvider.System),
            TimeProvider.System).ToString());

    private static Task<Fetched> FetchAsync(IBlockSource source) =>
        source.FetchAsync(TestBlocks.Request(TheBlock), new byte[TheBlock.Length], default).AsTask();
}
