using Microsoft.Extensions.Time.Testing;
using OsCircular.Peers.Membership;

namespace OsCircular.Tests.Peers.Membership;

public sealed class HeadLookTests
{
    private readonly FakeTimeProvider _time = new();
    private readonly HeadLook _look;

    public HeadLookTests() => _look = new HeadLook(_time);

    [Fact]
    public void IsDue_NeverLookedAt_Is()
    {
        Assert.True(_look.IsDue(1));
        Assert.Equal(TimeSpan.MaxValue, _look.Since);
    }

    [Fact]
    public void IsDue_AHigherOne_AfterFiveSeconds()
    {
        _look.Note(1);
        _time.Advance(TimeSpan.FromSeconds(4.9));
        Assert.False(_look.IsDue(2));
        _time.Advance(TimeSpan.FromSeconds(0.1));
        Assert.True(_look.IsDue(2));
    }

    [Theory]
    [InlineData(7)]
    [InlineData(3)]
    public void IsDue_TheSameOrALower_AfterAMinute(long sequence)
    {
        _look.Note(7);
        _time.Advance(TimeSpan.FromSeconds(59));
        Assert.False(_look.IsDue(sequence));
        _time.Advance(TimeSpan.FromSeconds(1));
        Assert.True(_look.IsDue(sequence));
    }
}
