using OsCircular.Fuse.Holding;

namespace OsCircular.Tests.Fuse.Holding;

public sealed class HolderClockTests
{
    private readonly HolderClock _clock = new() { TakeoverTime = Seconds(30) };

    [Fact]
    public void GivesUpAt_AgentServes_IsNever()
    {
        _clock.AgentCame(Seconds(1));
        Assert.Null(_clock.GivesUpAt);
        _clock.AgentServes();
        Assert.Null(_clock.GivesUpAt);
    }

    [Fact]
    public void GivesUpAt_AgentWent_IsTheTakeoverTimeLater()
    {
        ServedUntil(100);
        Assert.Equal(Seconds(130), _clock.GivesUpAt);
    }

    [Fact]
    public void GivesUpAt_NextAgentsEndWithoutServing_CountsFromTheLastThatServed()
    {
        ServedUntil(100);
        for (int second = 101; second < 130; second++)
        {
            _clock.AgentCame(Seconds(second));
            _clock.AgentWent(Seconds(second + 0.5));
            Assert.Equal(Seconds(130), _clock.GivesUpAt);
        }
    }

    [Fact]
    public void GivesUpAt_NextAgentServes_CountsAnew()
    {
        ServedUntil(100);
        ServedUntil(200);
        Assert.Equal(Seconds(230), _clock.GivesUpAt);
    }

    [Fact]
    public void GivesUpAt_NextAgentStarts_HasATakeoverTimeOfItsOwn()
    {
        ServedUntil(100);
        _clock.AgentCame(Seconds(129));
        Assert.Equal(Seconds(159), _clock.GivesUpAt);
        _clock.AgentServes();
        Assert.Null(_clock.GivesUpAt);
    }

    [Fact]
    public void GivesUpAt_NoTakeoverTime_IsTheAgentsEnd()
    {
        _clock.TakeoverTime = TimeSpan.Zero;
        ServedUntil(100);
        Assert.Equal(Seconds(100), _clock.GivesUpAt);
    }

    [Fact]
    public void GivesUpAt_ToldToEndWithTheAgent_WaitsForThatAgentOnly()
    {
        _clock.AgentCame(Seconds(1));
        _clock.AgentServes();
        _clock.IsLast = true;
        Assert.Null(_clock.GivesUpAt);
        _clock.AgentWent(Seconds(100));
        Assert.Equal(TimeSpan.Zero, _clock.GivesUpAt);
    }

    private static TimeSpan Seconds(double seconds) => TimeSpan.FromSeconds(seconds);

    private void ServedUntil(double end)
    {
        _clock.AgentCame(Seconds(end - 10));
        _clock.AgentServes();
        _clock.AgentWent(Seconds(end));
    }
}
