using OsCircular.Cache.Repair;

namespace OsCircular.Tests.Cache.Repair;

public sealed class ScrubPaceTests
{
    private const int MiB = 1 << 20;

    [Fact]
    public void After_ManyFiles_KeepsTheRate()
    {
        var pace = new ScrubPace(4 * MiB);
        double waited = Enumerable.Range(0, 1000).Sum(_ => pace.After(93_000, busy: false).TotalSeconds);
        Assert.InRange(waited, 93_000_000.0 / (4 * MiB) - 0.1, 93_000_000.0 / (4 * MiB) + 0.1);
    }

    [Fact]
    public void After_WhileSomebodyReads_IsAnEighthOfIt()
    {
        TimeSpan idle = new ScrubPace(MiB).After(MiB, busy: false), busy = new ScrubPace(MiB).After(MiB, busy: true);
        Assert.Equal(TimeSpan.FromSeconds(1), idle);
        Assert.Equal(ScrubPace.BusyDivisor * idle, busy);
    }

    [Fact]
    public void After_FastDisk_SavesShortWaitsUp()
    {
        var pace = new ScrubPace(100L * MiB);
        TimeSpan[] waits = [.. Enumerable.Range(0, 100).Select(_ => pace.After(MiB, busy: false))];
        Assert.InRange(waits.Count(wait => wait > TimeSpan.Zero), 40, 50);
        Assert.All(waits.Where(wait => wait > TimeSpan.Zero), wait => Assert.True(wait >= ScrubPace.Shortest));
    }

    [Fact]
    public void After_RateOfAByte_EndsAllTheSame() => Assert.Equal(ScrubPace.Longest, new ScrubPace(1).After(4 * MiB, busy: false));
}
