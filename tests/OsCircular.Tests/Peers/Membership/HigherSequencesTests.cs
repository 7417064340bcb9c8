using Microsoft.Extensions.Time.Testing;
using OsCircular.Peers.Membership;

namespace OsCircular.Tests.Peers.Membership;

public sealed class HigherSequencesTests
{
    private readonly FakeTimeProvider _time = new();
    private readonly HigherSequences _higher;

    public HigherSequencesTests() => _higher = new HigherSequences(_time);

    [Fact]
    public void IsNews_TheFirst_Is() => Assert.True(_higher.IsNews(1));

    [Fact]
    public void IsNews_AnotherWithinFiveSeconds_IsNot()
    {
        _higher.IsNews(1);
        _time.Advance(TimeSpan.FromSeconds(4.9));
        Assert.False(_higher.IsNews(2));
        _time.Advance(TimeSpan.FromSeconds(0.1));
        Assert.True(_higher.IsNews(2));
    }

    [Fact]
    public void IsNews_TheSameOrALower_OnlyAMinuteLater()
    {
        _higher.IsNews(7);
        _time.Advance(TimeSpan.FromSeconds(59));
        Assert.False(_higher.IsNews(7));
        Assert.False(_higher.IsNews(3));
        _time.Advance(TimeSpan.FromSeconds(1));
        Assert.True(_higher.IsNews(3));
    }

    [Fact]
    public void IsNews_LiarsForAnHour_CauseALookEveryFiveSecondsAtMost()
    {
        int looks = 0;
        for (int i = 0; i < 36_000; i++)
        {
            if (_higher.IsNews(i)) looks++;
            _time.Advance(TimeSpan.FromMilliseconds(100));
        }

        Assert.InRange(looks, 1, 720);
    }
}
