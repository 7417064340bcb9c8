using Microsoft.Extensions.Time.Testing;
using OsCircular.Sources;
using OsCircular.TestKit.Sources;

namespace OsCircular.Tests.Sources;

public sealed class FallbackRuleTests
{
    private readonly FakeTimeProvider _time = new();
    private readonly byte[] _block = TestBlocks.Make(1);

    [Theory]
    [InlineData(SourceError.Refused, SourceError.Missing, SourceError.Refused)]
    [InlineData(SourceError.Refused, SourceError.Unreachable, SourceError.Refused)]
    [InlineData(SourceError.Refused, SourceError.Invalid, SourceError.Invalid)]
    [InlineData(SourceError.Missing, SourceError.Unreachable, SourceError.Unreachable)]
    [InlineData(SourceError.Unreachable, SourceError.Missing, SourceError.Unreachable)]
    [InlineData(SourceError.Missing, SourceError.Missing, SourceError.Missing)]
    public void Telling_TwoErrors_IsTheOneThatSaysMore(SourceError first, SourceError second, SourceError expected) =>
        Assert.Equal(expected, FallbackRule.Telling(first, second));

    [Fact]
    public async Task Fetch_FirstIsBusyAndThereIsNoOther_AsksAgainUntilItIsNot()
    {
        var first = new FakeBlockSource();
        first.Add(_block);
        var busy = new FaultySource(first, (_, call) => call < 5 ? SourceError.Refused : Fault.None);
        Task<Fetched> fetching = FetchAsync(new FallbackSource(busy, new NowhereSource(), patience: _time));
        while (!fetching.IsCompleted)
        {
            _time.Advance(TimeSpan.FromMilliseconds(50));
            await Task.Yield();
        }

        Assert.True((await fetching).Succeeded);
    }

    [Fact]
    public async Task Fetch_FirstStaysBusy_EndsWithTheDeadline()
    {
        var busy = new FaultySource(new FakeBlockSource(), (_, _) => SourceError.Refused);
        long began = _time.GetTimestamp();
        Task<Fetched> fetching = FetchAsync(new FallbackSource(busy, new NowhereSource(), patience: _time));
        while (!fetching.IsCompleted)
        {
            _time.Advance(TimeSpan.FromMilliseconds(50));
            await Task.Yield();
        }

        Assert.Contains((await fetching).Error, new[] { SourceError.Refused, SourceError.TimedOut });
        Assert.InRange(_time.GetElapsedTime(began).TotalSeconds, 9, 11);
    }

    [Fact]
    public async Task Fetch_NotToldToBePatient_AsksOnce()
    {
        var busy = new FaultySource(new FakeBlockSource(), (_, call) => call > 1 ? throw new InvalidOperationException("asked again") : SourceError.Refused);
        Assert.Equal(SourceError.Refused, (await FetchAsync(new FallbackSource(busy, new NowhereSource()))).Error);
    }

    private Task<Fetched> FetchAsync(FallbackSource source) =>
        source.FetchAsync(TestBlocks.Request(_block, time: _time, limit: TimeSpan.FromSeconds(10)), new byte[_block.Length], TestContext.Current.CancellationToken).AsTask();
}
