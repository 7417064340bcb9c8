using OsCircular.Peers.Choice;
using OsCircular.Sources.Transfers;

namespace OsCircular.Tests.Peers.Choice;

public sealed class HolderTimingTests
{
    private static readonly TimeSpan Least = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan Most = TimeSpan.FromSeconds(2);

    [Theory]
    [InlineData(0, 0, 0, 0.25)] // never measured: a LAN's speed is taken, and the least
    [InlineData(0.001, 100e6, 0, 0.25)]
    [InlineData(0.1, 1e6, 0, 1.4)] // 4 times (0.1 + 0.25)
    [InlineData(0.1, 1e6, 100_000, 1.8)] // our own queue ahead of it is not its lateness
    [InlineData(5, 1e6, 0, 2)]
    [InlineData(0, 1e-9, 0, 2)]
    public void HedgeDelay_OfWhatWasMeasured_IsFourfoldWithinBounds(double latency, double rate, long queued, double seconds) =>
        Assert.Equal(seconds, HolderTiming.HedgeDelay(new TransferEstimate(latency, rate, queued), 250_000, Least, Most).TotalSeconds, 6);

    [Theory]
    [InlineData(0, 2)]
    [InlineData(256 * 1024, 3)]
    [InlineData(4 * 1024 * 1024, 18)]
    public void AttemptLimit_OfALength_IsSilenceASecondAndTheLeastRate(int length, double seconds) =>
        Assert.Equal(seconds, HolderTiming.AttemptLimit(length, TimeSpan.FromSeconds(1)).TotalSeconds, 6);

    [Theory]
    [InlineData(64L << 20, 257)]
    [InlineData(long.MaxValue, 3600)] // what a peer says of its length
    public void TransferLimit_OfAnyLength_IsAnHourAtMost(long length, double seconds) => Assert.Equal(seconds, HolderTiming.TransferLimit(length).TotalSeconds, 6);

    [Theory]
    [InlineData(false, 1.0, true)]
    [InlineData(false, 0.9, false)] // overtaken before it was late
    [InlineData(true, 1.5, false)] // slower than another, but there
    public void WasSilent_OfAnAttemptThatWasEnded_OnlyWhereItWasLate(bool hasBegun, double waited, bool silent) =>
        Assert.Equal(silent, HolderTiming.WasSilent(hasBegun, TimeSpan.FromSeconds(waited), TimeSpan.FromSeconds(1)));
}
