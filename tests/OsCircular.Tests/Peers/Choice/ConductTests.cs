using Microsoft.Extensions.Time.Testing;
using OsCircular.Peers.Choice;

namespace OsCircular.Tests.Peers.Choice;

public sealed class ConductTests
{
    private static readonly TimeSpan Minute = TimeSpan.FromMinutes(1);

    private readonly FakeTimeProvider _time = new();
    private readonly Conduct _conduct;

    public ConductTests() => _conduct = new Conduct(Minute, _time);

    [Fact]
    public void NoteWrong_TwoNames_IsNoBan()
    {
        Assert.False(_conduct.NoteWrong("a", again: false));
        Assert.False(_conduct.NoteWrong("b", again: false));
        Assert.False(_conduct.NoteWrong("b", again: false)); // the same name is one
        Assert.False(_conduct.IsBanned);
    }

    [Fact]
    public void NoteWrong_ThreeNamesWithinTenMinutes_IsABanThatNamesTheLast()
    {
        _conduct.NoteWrong("a", again: false);
        _time.Advance(TimeSpan.FromMinutes(5));
        _conduct.NoteWrong("b", again: false);
        _time.Advance(TimeSpan.FromMinutes(4.9));
        Assert.True(_conduct.NoteWrong("blocks/cc/c", again: false));

        (bool banned, TimeSpan left, string? reason) = _conduct.Ban;
        Assert.True(banned);
        Assert.Equal(Minute, left);
        Assert.Contains("blocks/cc/c", reason, StringComparison.Ordinal);
        Assert.Contains("3 names", reason, StringComparison.Ordinal);
    }

    [Fact]
    public void NoteWrong_ThreeNamesInMoreThanTenMinutes_IsNoBan()
    {
        _conduct.NoteWrong("a", again: false);
        _time.Advance(TimeSpan.FromMinutes(6));
        _conduct.NoteWrong("b", again: false);
        _time.Advance(TimeSpan.FromMinutes(6));
        Assert.False(_conduct.NoteWrong("c", again: false));
    }

    [Fact]
    public void NoteWrong_AlsoWhenAskedToCheck_IsABanAtOnce()
    {
        _conduct.NoteWrong("a", again: false);
        Assert.True(_conduct.NoteWrong("a", again: true));
        Assert.Contains("asked to check", _conduct.Ban.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void Ban_EachFurtherOne_IsTwiceAsLongUpToAnHour()
    {
        List<double> minutes = [];
        for (int i = 0; i < 9; i++)
        {
            Assert.True(_conduct.NoteWrong($"{i}", again: true));
            TimeSpan left = _conduct.Ban.Left;
            minutes.Add(left.TotalMinutes);
            _time.Advance(left - TimeSpan.FromMilliseconds(1));
            Assert.True(_conduct.IsBanned);
            _time.Advance(TimeSpan.FromMilliseconds(1));
            Assert.False(_conduct.IsBanned);
            Assert.Null(_conduct.Ban.Reason);
        }

        Assert.Equal([1, 2, 4, 8, 16, 32, 60, 60, 60], minutes);
    }

    [Fact]
    public void NoteWrong_WhileBanned_IsTheSameOffence()
    {
        _conduct.NoteWrong("a", again: true);
        _time.Advance(Minute / 2);
        Assert.True(_conduct.NoteWrong("b", again: true));
        Assert.Equal(1, _conduct.Bans);
        Assert.Equal(Minute / 2, _conduct.Ban.Left);
        Assert.Contains("for a,", _conduct.Ban.Reason, StringComparison.Ordinal);
    }
}
