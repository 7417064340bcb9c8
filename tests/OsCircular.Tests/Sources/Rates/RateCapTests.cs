using CsCheck;
using Microsoft.Extensions.Time.Testing;
using OsCircular.Sources.Rates;

namespace OsCircular.Tests.Sources.Rates;

public sealed class RateCapTests
{
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);
    private readonly FakeTimeProvider _time = new();

    [Fact]
    public void TryTake_MoreThanTheBucketHolds_GoesOnceAndTheNextWaits()
    {
        var bucket = new RateCap(new RateSchedule(1000), _time, Second);
        Assert.True(bucket.TryTake(3000, Second, out TimeSpan wait));
        Assert.Equal(TimeSpan.Zero, wait);
        Assert.False(bucket.TryTake(1, Second, out wait));
        Assert.Equal(2 * Second, wait);
        _time.Advance(1.5 * Second);
        Assert.True(bucket.TryTake(1, Second, out wait));
        Assert.Equal(0.5 * Second, wait);
    }

    [Fact]
    public void TryTake_AfterALongPause_HasSavedUpNoMoreThanTheBucketHolds()
    {
        var bucket = new RateCap(new RateSchedule(1000), _time, Second);
        _time.Advance(TimeSpan.FromHours(1));
        Assert.True(bucket.TryTake(1000, TimeSpan.Zero, out _));
        Assert.True(bucket.TryTake(500, TimeSpan.Zero, out _));
        Assert.False(bucket.TryTake(1, TimeSpan.Zero, out _));
    }

    [Fact]
    public void TryTake_AnyDemand_KeepsTheRateOverTime() => Gen.Select(Gen.Int[1, 5000], Gen.Int[0, 400]).Array[20, 200].Sample(demands =>
    {
        var time = new FakeTimeProvider();
        long began = time.GetTimestamp();
        var bucket = new RateCap(new RateSchedule(10_000), time, TimeSpan.FromMilliseconds(250));
        long sent = 0;
        foreach ((int bytes, int pause) in demands)
        {
            if (bucket.TryTake(bytes, TimeSpan.FromMilliseconds(250), out TimeSpan wait))
            {
                time.Advance(wait);
                sent += bytes;
            }

            time.Advance(TimeSpan.FromMilliseconds(pause));
        }

        // What was saved up at first, and the last one's debt.
        return sent <= (10_000 * time.GetElapsedTime(began).TotalSeconds) + 2500 + 5000;
    });
}
