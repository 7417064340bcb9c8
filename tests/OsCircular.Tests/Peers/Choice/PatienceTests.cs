using CsCheck;
using Microsoft.Extensions.Time.Testing;
using OsCircular.Peers.Choice;

namespace OsCircular.Tests.Peers.Choice;

public sealed class PatienceTests
{
    private static readonly TimeSpan Silence = TimeSpan.FromSeconds(2);

    [Fact]
    public void SilenceOf_AHostThatIsNeverLate_IsWhatWasConfigured() => Assert.Equal(Silence, Patience.SilenceOf(Silence, TimeSpan.Zero));

    [Fact]
    public void SilenceOf_ALateHost_GrowsWithItsLateness() =>
        Gen.Double[0, 10].Select(TimeSpan.FromSeconds).Select(Gen.Double[0, 10].Select(TimeSpan.FromSeconds)).Sample((one, other) =>
        {
            (TimeSpan less, TimeSpan more) = one < other ? (one, other) : (other, one);
            Assert.True(Patience.SilenceOf(Silence, less) <= Patience.SilenceOf(Silence, more));
            Assert.InRange(Patience.SilenceOf(Silence, more), Silence, Patience.MostTimes * Silence);
        });

    [Fact]
    public void Learn_AWorseLook_CountsAtOnce() => Assert.Equal(TimeSpan.FromSeconds(3), Patience.Learn(TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(3)));

    [Fact]
    public void Learn_TenSecondsOfGoodLooks_LeaveATenth()
    {
        TimeSpan lateness = TimeSpan.FromSeconds(1);
        for (TimeSpan passed = TimeSpan.Zero; passed < TimeSpan.FromSeconds(10); passed += Patience.Tick) lateness = Patience.Learn(lateness, TimeSpan.Zero);
        Assert.InRange(lateness.TotalSeconds, 0.05, 0.15);
    }

    [Fact]
    public async Task RunAsync_TimersThatFireLate_MakeItPatient()
    {
        var time = new FakeTimeProvider();
        var patience = new Patience(Silence, time);
        using var stop = new CancellationTokenSource();
        Task run = patience.RunAsync(stop.Token);
        Assert.Equal(Silence, patience.Silence);

        // One leap: the timer due after a quarter of a second is seen half a second later.
        time.Advance(Patience.Tick + TimeSpan.FromMilliseconds(500));
        while (patience.Lateness == TimeSpan.Zero) await Task.Yield();
        Assert.Equal(TimeSpan.FromMilliseconds(500), patience.Lateness);
        Assert.Equal(TimeSpan.FromSeconds(5), patience.Silence);
        await stop.CancelAsync();
        await run;
    }
}
