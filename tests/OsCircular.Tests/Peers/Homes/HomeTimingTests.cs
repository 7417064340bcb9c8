using Microsoft.Extensions.Time.Testing;
using OsCircular.Peers.Homes;
using OsCircular.Sources;

namespace OsCircular.Tests.Peers.Homes;

public sealed class HomeTimingTests
{
    [Theory]
    [InlineData(0, 0, false)]
    [InlineData(2, 0, false)]
    [InlineData(2.01, 0, true)]
    [InlineData(4, 1, false)]
    [InlineData(4.01, 1, true)]
    [InlineData(62, 30, false)]
    [InlineData(62.01, 30, true)]
    [InlineData(62.01, 3600, true)] // an estimate beyond half a minute is no promise
    public void IsSlow_AgainstTheFirstEstimate_IsTwofoldAndTheSilenceForgiven(double waited, double estimate, bool slow) =>
        Assert.Equal(slow, HomeTiming.IsSlow(TimeSpan.FromSeconds(waited), TimeSpan.FromSeconds(estimate), TimeSpan.FromSeconds(2)));

    [Fact]
    public void Hold_IsWithinTheSecondThatAHomeHas() => Assert.InRange(HomeTiming.Hold, TimeSpan.FromMilliseconds(500), TimeSpan.FromMilliseconds(900));

    [Theory]
    [InlineData(0, 15, 26.25)]
    [InlineData(10, 10, 17.5)]
    [InlineData(30, 15, 15)] // the first half is over: half of what is left
    [InlineData(60, 0, 0)]
    public void SearchLimit_OfAMinute_LeavesTheMirrorItsTryWithinTheFirstHalf(double passed, double silent, double working)
    {
        FakeTimeProvider time = new();
        Deadline deadline = Deadline.In(TimeSpan.FromMinutes(1), time);
        time.Advance(TimeSpan.FromSeconds(passed));
        Assert.Equal(silent, HomeTiming.SearchLimit(deadline, isWorking: false).TotalSeconds, 6);
        Assert.Equal(working, HomeTiming.SearchLimit(deadline, isWorking: true).TotalSeconds, 6);
    }

    [Fact]
    public void IsPastPatience_OfAMinute_IsAfterAQuarter()
    {
        FakeTimeProvider time = new();
        Deadline deadline = Deadline.In(TimeSpan.FromMinutes(1), time);
        time.Advance(TimeSpan.FromSeconds(14.9));
        Assert.False(HomeTiming.IsPastPatience(deadline));
        time.Advance(TimeSpan.FromSeconds(0.1));
        Assert.True(HomeTiming.IsPastPatience(deadline));
    }
}
