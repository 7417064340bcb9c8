using Microsoft.Extensions.Time.Testing;
using OsCircular.Blocks;
using OsCircular.Sources;
using Xunit;

namespace OsCircular.TestKit.Sources;

/// <summary>What every wrapper of one source must keep besides: it lets go at once when cancelled, in time at the deadline, and passes errors on.</summary>
public abstract class BlockSourceWrapperConformance : BlockSourceConformance
{
    private static readonly byte[] TheBlock = TestBlocks.Make(7);

    protected abstract IBlockSource Wrap(IBlockSource inner, TimeProvider time);

    protected override ValueTask<IBlockSource> CreateAsync(IReadOnlyDictionary<BlockName, byte[]> held) =>
        ValueTask.FromResult(Wrap(new FakeBlockSource(held), TimeProvider.System));

    [Theory]
    [InlineData(SourceError.Missing)]
    [InlineData(SourceError.Invalid)]
    [InlineData(SourceError.Unreachable)]
    [InlineData(SourceError.Refused)]
    [InlineData(SourceError.TimedOut)]
    [InlineData(SourceError.NoSpace)]
    public async Task Fetch_InnerFails_PassesTheErrorOn(SourceError error)
    {
        var faulty = new FaultySource(new FakeBlockSource(), (_, _) => error);
        Fetched fetched = await Wrap(faulty, TimeProvider.System).FetchAsync(TestBlocks.Request(TheBlock), new byte[TheBlock.Length], default);
        Assert.Equal(error, fetched.Error);
    }

    [Fact]
    public async Task Fetch_CancelledWhileInnerHangs_AnswersCancelled()
    {
        var inner = new FakeBlockSource { Gate = FakeBlockSource.Closed() };
        inner.Add(TheBlock);
        using var cancel = new CancellationTokenSource();
        Task<Fetched> fetch = Wrap(inner, TimeProvider.System)
            .FetchAsync(TestBlocks.Request(TheBlock), new byte[TheBlock.Length], cancel.Token).AsTask();
        Assert.False(fetch.IsCompleted);

        await cancel.CancelAsync();
        Assert.Equal(SourceError.Cancelled, (await fetch.WaitAsync(TimeSpan.FromSeconds(30))).Error);
    }

    [Fact]
    public async Task Fetch_DeadlinePassesWhileInnerHangs_AnswersTimedOut()
    {
        var time = new FakeTimeProvider();
        var inner = new FakeBlockSource { Gate = FakeBlockSource.Closed() };
        inner.Add(TheBlock);
        BlockRequest request = TestBlocks.Request(TheBlock, time: time, limit: TimeSpan.FromSeconds(10));
        Task<Fetched> fetch = Wrap(inner, time).FetchAsync(request, new byte[TheBlock.Length], default).AsTask();

        time.Advance(TimeSpan.FromSeconds(9));
        Assert.False(fetch.IsCompleted);
        time.Advance(TimeSpan.FromSeconds(2));
        Assert.Equal(SourceError.TimedOut, (await fetch.WaitAsync(TimeSpan.FromSeconds(30))).Error);
    }
}
