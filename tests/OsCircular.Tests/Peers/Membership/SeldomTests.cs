using Microsoft.Extensions.Time.Testing;
using OsCircular.Peers.Membership;

namespace OsCircular.Tests.Peers.Membership;

public sealed class SeldomTests
{
    [Fact]
    public void IsDue_AskedAgainAndAgain_IsOnceInEachInterval()
    {
        FakeTimeProvider time = new();
        Seldom seldom = new(TimeSpan.FromMinutes(1), time);
        Assert.True(seldom.IsDue());
        Assert.False(seldom.IsDue());
        time.Advance(TimeSpan.FromSeconds(59));
        Assert.False(seldom.IsDue());
        time.Advance(TimeSpan.FromSeconds(1));
        Assert.True(seldom.IsDue());
        Assert.False(seldom.IsDue());
    }
}
