using Microsoft.Extensions.Time.Testing;
using OsCircular.Sources;
using OsCircular.Sources.Rates;
using OsCircular.TestKit;
using OsCircular.TestKit.Sources;

namespace OsCircular.Tests.Sources.Rates;

public sealed class CappedPriorityConformanceTests : BlockSourceWrapperConformance
{
    protected override IBlockSource Wrap(IBlockSource inner, TimeProvider time) => new PrioritySource(inner, 2, time, new RateCap(new RateSchedule(1L << 40), time));
}

/// <summary>Within a cap readers go first, the rate holds, and what did not come is not counted.</summary>
public sealed class CappedPriorityTests
{
    private const int Length = 10_000;

    private readonly FakeTimeProvider _time = new();
    private readonly FakeBlockSource _inner = new();

    [Fact]
    public async Task Reader_BehindMuchFilling_WaitsForOneBlockOnly()
    {
        PrioritySource source = Capped(10_000);
        Task<Fetched>[] filling = [.. Enumerable.Range(0, 20).Select(seed => Fetch(source, seed, FetchClass.Fill))];
        await Eventually.IsSoAsync(() => filling.Count(fill => fill.IsCompleted) == 1);
        Task<Fetched> reader = Fetch(source, 100, FetchClass.Reader);
        await AdvanceAsync(TimeSpan.FromSeconds(1.01), () => reader.IsCompleted);
        Assert.True((await reader).Succeeded);
        Assert.Equal(1, filling.Count(fill => fill.IsCompleted));
    }

    [Fact]
    public async Task Fetches_Many_ComeAtTheRate()
    {
        PrioritySource source = Capped(50_000);
        Task<Fetched>[] filling = [.. Enumerable.Range(0, 40).Select(seed => Fetch(source, seed, FetchClass.Fill))];
        long began = _time.GetTimestamp();
        await AdvanceAsync(TimeSpan.FromSeconds(20), () => filling.All(fill => fill.IsCompleted));

        // The first, and a tenth of a second's worth, are free.
        Assert.InRange(_time.GetElapsedTime(began).TotalSeconds, 7.2, 8.3);
    }

    [Fact]
    public async Task Fetches_ThatFail_CostNothing()
    {
        PrioritySource source = Capped(10_000);
        byte[] absent = TestBlocks.Make(1, Length);
        for (int i = 0; i < 20; i++)
            Assert.Equal(SourceError.Missing, (await source.FetchAsync(TestBlocks.Request(absent, time: _time), new byte[Length], default).AsTask().WaitAsync(TimeSpan.FromSeconds(10))).Error);
    }

    [Fact]
    public void Estimate_UnderACap_GoesByTheCap() =>
        Assert.Equal(1, Capped(10_000).Estimate(FetchClass.Reader, Length)!.Value.TotalSeconds, 0.01);

    private PrioritySource Capped(long rate) => new(_inner, 8, _time, new RateCap(new RateSchedule(rate), _time));

    private Task<Fetched> Fetch(PrioritySource source, int seed, FetchClass fetchClass)
    {
        byte[] block = TestBlocks.Make(seed, Length);
        _inner.Add(block);
        return source.FetchAsync(TestBlocks.Request(block, fetchClass, _time), new byte[Length], TestContext.Current.CancellationToken).AsTask();
    }

    // In steps, as timers fire; each leaves the continuations time to set the next.
    private async Task AdvanceAsync(TimeSpan most, Func<bool> isDone)
    {
        for (TimeSpan passed = TimeSpan.Zero; passed < most && !isDone(); passed += TimeSpan.FromMilliseconds(10))
        {
            _time.Advance(TimeSpan.FromMilliseconds(10));
            for (int i = 0; i < 20; i++) await Task.Yield();
        }

        await Eventually.IsSoAsync(isDone);
    }
}
