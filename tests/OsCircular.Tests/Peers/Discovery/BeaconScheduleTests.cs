using Microsoft.Extensions.Time.Testing;
using OsCircular.Peers.Discovery;

namespace OsCircular.Tests.Peers.Discovery;

public sealed class BeaconScheduleTests
{
    private readonly FakeTimeProvider _time = new();
    private readonly Random _random = new(1);

    [Fact]
    public void Wait_OverAnHour_IsTwoAtOnceAndThenEveryFiveMinutes()
    {
        var schedule = new BeaconSchedule(_time, _random);
        Assert.InRange(schedule.Wait, TimeSpan.Zero, BeaconSchedule.Spread);
        Send(schedule);
        Assert.Equal(BeaconSchedule.Second, schedule.Wait);
        Send(schedule);
        var waits = new List<TimeSpan>();
        for (int i = 0; i < 100; i++)
        {
            waits.Add(schedule.Wait);
            Send(schedule);
        }

        Assert.All(waits, wait => Assert.InRange(wait, BeaconSchedule.Interval * 0.9, BeaconSchedule.Interval * 1.1));
        Assert.True(waits.Max() - waits.Min() > BeaconSchedule.Interval * 0.15, "hosts must not go on in step");
    }

    [Fact]
    public void Wait_ManyHostsAtOnce_AreSpread()
    {
        double[] waits = [.. Enumerable.Range(0, 100).Select(_ => new BeaconSchedule(_time, _random).Wait.TotalMilliseconds)];
        Assert.True(waits.Max() > 15 && waits.Min() < 5);
    }

    [Theory]
    [InlineData(0, 60)] // a cable that wobbles
    [InlineData(30, 30)]
    [InlineData(60, 0)]
    [InlineData(200, 0)]
    public void BeginAgain_SomeTimeAfterTheLast_IsSoonButNotWithinAMinute(int secondsAway, int secondsToWait)
    {
        var schedule = new BeaconSchedule(_time, _random);
        Send(schedule);
        Send(schedule);
        _time.Advance(TimeSpan.FromSeconds(secondsAway));
        schedule.BeginAgain();
        Assert.InRange(schedule.Wait, TimeSpan.FromSeconds(secondsToWait), TimeSpan.FromSeconds(secondsToWait) + BeaconSchedule.Spread);
        TimeSpan wait = schedule.Wait;
        schedule.BeginAgain();
        Assert.True(schedule.Wait <= wait, "coming back puts nothing off");
        Send(schedule);
        Assert.True(schedule.Wait > TimeSpan.FromMinutes(4), "the second of the start is of the start alone");
    }

    [Fact]
    public void Failed_Send_IsTriedAgainSoon()
    {
        var schedule = new BeaconSchedule(_time, _random);
        schedule.Failed();
        Assert.Equal(BeaconSchedule.Retry, schedule.Wait);
        Send(schedule);
        Assert.Equal(BeaconSchedule.Second, schedule.Wait);
    }

    [Fact]
    public void IsSpent_AMinuteAfterTheLast_MayBeForgotten()
    {
        var schedule = new BeaconSchedule(_time, _random);
        Assert.True(schedule.IsSpent);
        Send(schedule);
        Assert.False(schedule.IsSpent);
        _time.Advance(BeaconSchedule.Least);
        Assert.True(schedule.IsSpent);
    }

    private void Send(BeaconSchedule schedule)
    {
        _time.Advance(schedule.Wait);
        Assert.Equal(TimeSpan.Zero, schedule.Wait);
        schedule.Sent();
    }
}
