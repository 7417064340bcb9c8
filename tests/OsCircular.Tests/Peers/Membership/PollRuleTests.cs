using OsCircular.Peers;
using OsCircular.Peers.Membership;

namespace OsCircular.Tests.Peers.Membership;

public sealed class PollRuleTests
{
    private static readonly PeerOptions Options = new();

    [Theory]
    [InlineData(0, 2)]
    [InlineData(9.9, 2)]
    [InlineData(10, 10)]
    [InlineData(3600, 10)]
    public void Pause_OfAMemberThatAnswers_IsShortWhileBlocksAreAskedFor(double sinceAsked, double seconds) =>
        Assert.Equal(seconds, PollRule.Pause(0, TimeSpan.FromSeconds(sinceAsked), 1, Options, 0.5).TotalSeconds, 6);

    [Fact]
    public void Pause_NeverAsked_IsTheIdleOne() => Assert.Equal(Options.PollIdle, PollRule.Pause(0, TimeSpan.MaxValue, 1, Options, 0.5));

    [Fact]
    public void Pause_OfASilentMember_DoublesToHalfAMinute() =>
        Assert.Equal(
            [0.5, 1, 2, 4, 8, 16, 30, 30, 30],
            Enumerable.Range(1, 9).Select(misses => PollRule.Pause(misses, TimeSpan.Zero, 1, Options, 0.5).TotalSeconds));

    [Fact]
    public void Pause_AfterVeryManyMisses_IsStillBounded() => Assert.Equal(PollRule.MaxRetry, PollRule.Pause(int.MaxValue, TimeSpan.Zero, 1, Options, 0.5));

    [Theory]
    [InlineData(1, 2)]
    [InlineData(8, 2)]
    [InlineData(31, 7.75)]
    [InlineData(300, 10)] // never less often than while nothing is asked for
    public void Pause_InALargerGroup_KeepsLooksToFourASecond(int members, double seconds) =>
        Assert.Equal(seconds, PollRule.Pause(0, TimeSpan.Zero, members, Options, 0.5).TotalSeconds, 6);

    [Theory]
    [InlineData(0, 2)]
    [InlineData(29.9, 2)]
    [InlineData(30, 30)]
    public void ExchangePause_AfterAChange_IsShort(double sinceChange, double seconds) =>
        Assert.Equal(seconds, PollRule.ExchangePause(TimeSpan.FromSeconds(sinceChange), 0.5).TotalSeconds, 6);

    [Theory]
    [InlineData(0, 8)]
    [InlineData(1, 12)]
    public void Pause_WithChance_IsAFifthEitherWay(double chance, double seconds) =>
        Assert.Equal(seconds, PollRule.Pause(0, TimeSpan.MaxValue, 1, Options, chance).TotalSeconds, 6);
}
