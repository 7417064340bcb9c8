using Microsoft.Extensions.Time.Testing;
using OsCircular.Cache.Repair;

namespace OsCircular.Tests.Cache.Repair;

public sealed class DiskBlameTests
{
    private readonly FakeTimeProvider _time = new();
    private readonly DiskBlame _blame;

    public DiskBlameTests() => _blame = new DiskBlame(_time);

    [Fact]
    public void Note_TwoInAnHour_AreToldQuietly_TheThirdLoudly()
    {
        Assert.Equal(new DiskBlame.Verdict(1, TellThis: true, Warn: false), _blame.Note());
        Assert.Equal(new DiskBlame.Verdict(2, TellThis: true, Warn: false), _blame.Note());
        Assert.Equal(new DiskBlame.Verdict(3, TellThis: true, Warn: true), _blame.Note());
    }

    [Fact]
    public void Note_OneInAWhile_IsNeverLoud()
    {
        for (int i = 0; i < 10; i++)
        {
            Assert.False(_blame.Note().Warn);
            _time.Advance(TimeSpan.FromMinutes(31));
        }

        Assert.Equal(1, _blame.LastHour);
    }

    [Fact]
    public void Note_Thousands_AreWarnedOfOnceInTenMinutesAndToldOneByOneUpToAHundred()
    {
        DiskBlame.Verdict[] verdicts = new DiskBlame.Verdict[3600];
        for (int i = 0; i < verdicts.Length; i++)
        {
            verdicts[i] = _blame.Note();
            _time.Advance(TimeSpan.FromSeconds(1));
        }

        Assert.Equal(6, verdicts.Count(verdict => verdict.Warn));
        Assert.Equal(DiskBlame.MostTold, verdicts.Count(verdict => verdict.TellThis));
        Assert.Equal(3600, verdicts[^1].LastHour);
    }

    [Fact]
    public void LastHour_AnHourLater_IsNone()
    {
        _blame.Note();
        _time.Advance(DiskBlame.Window + TimeSpan.FromSeconds(1));
        Assert.Equal(0, _blame.LastHour);
    }
}
