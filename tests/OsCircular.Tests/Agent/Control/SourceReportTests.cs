using CsCheck;
using OsCircular.Agent.Control;

namespace OsCircular.Tests.Agent.Control;

public sealed class SourceReportTests
{
    [Fact]
    public void SharesOf_AnyCounts_AreAHundredPerCentTogether() => Gen.Int[0, 1_000_000].Array[1, 4].Sample(counts =>
    {
        double sum = SourceReport.SharesOf([.. counts.Select(count => ("some", (long)count, 0L))]).Sum(share => share.Percent);
        Assert.Equal(counts.Sum() == 0 ? 0 : 100, sum, 6);
    });

    [Fact]
    public void SharesOf_Some_AreInTheirOrder() => Assert.Equal(
        [new SourceReport("cache", 1, 10, 25), new SourceReport("mirrors", 3, 30, 75)], SourceReport.SharesOf([("cache", 1, 10), ("mirrors", 3, 30)]));
}
