using OsCircular.Peers.Homes;

namespace OsCircular.Tests.Peers.Homes;

public sealed class HomeTimingTests
{
    [Theory]
    [InlineData(0, 0, false)]
    [InlineData(1, 0, false)]
    [InlineData(1.01, 0, true)]
    [InlineData(3, 1, false)]
    [InlineData(3.01, 1, true)]
    [InlineData(61, 30, false)]
    [InlineData(61.01, 30, true)]
    [InlineData(61.01, 3600, true)] // an estimate beyond half a minute is no promise
    public void IsSlow_AgainstTheFirstEstimate_IsTwofoldAndASecond(double waited, double estimate, bool slow) =>
        Assert.Equal(slow, HomeTiming.IsSlow(TimeSpan.FromSeconds(waited), TimeSpan.FromSeconds(estimate)));

    [Fact]
    public void Hold_IsWithinTheSecondThatAHomeHas() => Assert.InRange(HomeTiming.Hold, TimeSpan.FromMilliseconds(500), TimeSpan.FromMilliseconds(900));
}
