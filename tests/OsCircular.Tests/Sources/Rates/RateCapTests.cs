using System.Globalization;
using CsCheck;
using Microsoft.Extensions.Time.Testing;
using OsCircular.Sources;
using OsCircular.Sources.Rates;
using OsCircular.TestKit.Sources;

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

    [Fact]
    public void TryTake_HoursOfTheDay_TheRateOfTheHourHolds()
    {
        // No limit by night, 1000 bytes a second in school, nothing at noon.
        _time.SetLocalTimeZone(TimeZoneInfo.CreateCustomTimeZone("test", TimeSpan.FromHours(5), "test", "test"));
        RateSchedule schedule = new(null, new RateSpan(new TimeOnly(8, 0), new TimeOnly(12, 0), 1000), new RateSpan(new TimeOnly(12, 0), new TimeOnly(13, 0), 0));
        SetLocal(7, 59);
        var cap = new RateCap(schedule, _time, Second);
        Assert.Null(cap.Now);
        for (int i = 0; i < 10; i++) Assert.True(cap.TryTake(1_000_000, TimeSpan.Zero, out _));

        SetLocal(8, 0);
        Assert.Equal(1000, cap.Now);
        Assert.True(cap.TryTake(2500, TimeSpan.Zero, out _));
        Assert.False(cap.TryTake(1, TimeSpan.Zero, out TimeSpan wait));
        Assert.Equal(1.5 * Second, wait);

        SetLocal(12, 0);
        Assert.Equal(0, cap.Now);
        Assert.False(cap.TryTake(1, TimeSpan.FromHours(2), out wait));
        Assert.Equal(RateCap.LongestWait, wait);
        Assert.Equal(RateCap.LongestWait, cap.Wait);

        SetLocal(13, 0);
        Assert.Null(cap.Now);
        Assert.Equal(TimeSpan.Zero, cap.Wait);
    }

    [Fact]
    public void At_OverMidnight_HoldsOnBothSides()
    {
        RateSchedule schedule = new(5, new RateSpan(new TimeOnly(22, 0), new TimeOnly(6, 0), 9));
        Assert.Equal([9, 9, 9, 5, 5], new[] { "22:00", "00:00", "05:59", "06:00", "21:59" }.Select(at => schedule.At(TimeOnly.Parse(at, CultureInfo.InvariantCulture))));
    }

    [Fact]
    public void Take_GivenBack_IsAsIfItWasNotTaken()
    {
        var cap = new RateCap(new RateSchedule(1000), _time, Second);
        cap.Take(5000);
        cap.Take(-5000);
        Assert.True(cap.TryTake(1000, TimeSpan.Zero, out _));
    }

    [Fact]
    public async Task Documents_WaitForWhatWasTakenBeforeAndAreCounted()
    {
        var cap = new RateCap(new RateSchedule(1_000_000), _time, TimeSpan.Zero);
        var inner = new FakeDocumentSource();
        DocumentName name = inner.Add(DocumentKind.IndexPage, TestBlocks.Make(1, 40_000));
        var source = new CappedDocumentSource(inner, cap, _time);
        cap.Take(2_000_000);
        Task<FetchedDocument> fetching = source.FetchAsync(name, Deadline.In(TimeSpan.FromMinutes(1), _time), default).AsTask();
        Assert.False(fetching.IsCompleted);
        Assert.Equal(0, inner.Calls);
        _time.Advance(TimeSpan.FromSeconds(2));
        Assert.True((await fetching.WaitAsync(TimeSpan.FromSeconds(10))).Succeeded);
        Assert.Equal(40, cap.Wait.TotalMilliseconds, 0.1);
    }

    private void SetLocal(int hour, int minute)
    {
        DateTimeOffset now = _time.GetLocalNow();
        TimeSpan until = new TimeSpan(hour, minute, 0) - now.TimeOfDay;
        _time.Advance(until < TimeSpan.Zero ? until + TimeSpan.FromDays(1) : until);
    }
}
