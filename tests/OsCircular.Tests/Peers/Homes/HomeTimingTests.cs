using OsCircular.Peers.Homes;

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
}
