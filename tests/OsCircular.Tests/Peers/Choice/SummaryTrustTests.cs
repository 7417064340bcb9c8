using Microsoft.Extensions.Time.Testing;
using OsCircular.Peers.Choice;

namespace OsCircular.Tests.Peers.Choice;

public sealed class SummaryTrustTests
{
    private readonly FakeTimeProvider _time = new();
    private readonly SummaryTrust _trust;

    public SummaryTrustTests() => _trust = new SummaryTrust(_time);

    [Fact]
    public void NoteBroken_FewerThanTheMostInARow_IsForgivenByOneKept()
    {
        for (int round = 0; round < 5; round++)
        {
            Break(SummaryTrust.MostBroken - 1);
            _trust.NoteKept();
        }

        Assert.True(_trust.IsTrusted);
    }

    [Fact]
    public void NoteBroken_TheMostInARow_PassesItOverForHalfAMinute()
    {
        Break(SummaryTrust.MostBroken);
        Assert.False(_trust.IsTrusted);
        _time.Advance(TimeSpan.FromSeconds(29.9));
        Assert.False(_trust.IsTrusted);
        _time.Advance(TimeSpan.FromSeconds(0.1));
        Assert.True(_trust.IsTrusted);
    }

    [Fact]
    public void NoteBroken_AgainAndAgain_TakesTwiceAsLongEachTimeUpToABound()
    {
        List<double> pauses = [];
        for (int i = 0; i < 9; i++)
        {
            Break(SummaryTrust.MostBroken);
            double waited = 0;
            for (; !_trust.IsTrusted; waited += 30) _time.Advance(TimeSpan.FromSeconds(30));
            pauses.Add(waited);
        }

        Assert.Equal([30, 60, 120, 240, 480, 960, 1920, 1920, 1920], pauses);
    }

    [Fact]
    public void NoteKept_AfterAPause_StartsOver()
    {
        Break(SummaryTrust.MostBroken);
        _time.Advance(TimeSpan.FromSeconds(30));
        _trust.NoteKept();
        Break(SummaryTrust.MostBroken);
        _time.Advance(TimeSpan.FromSeconds(30));
        Assert.True(_trust.IsTrusted);
    }

    private void Break(int times)
    {
        for (int i = 0; i < times; i++) _trust.NoteBroken();
    }
}
