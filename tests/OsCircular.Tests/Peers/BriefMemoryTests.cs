using Microsoft.Extensions.Time.Testing;
using OsCircular.Peers;

namespace OsCircular.Tests.Peers;

public sealed class BriefMemoryTests
{
    private readonly FakeTimeProvider _time = new();
    private readonly BriefMemory<int> _memory;

    public BriefMemoryTests() => _memory = new BriefMemory<int>(TimeSpan.FromSeconds(3), _time);

    [Fact]
    public void Has_WhatWasNoted_ForItsTimeAndNoLonger()
    {
        _memory.Note(1);
        Assert.True(_memory.Has(1));
        Assert.False(_memory.Has(2));
        _time.Advance(TimeSpan.FromSeconds(2));
        _memory.Note(1);
        _time.Advance(TimeSpan.FromSeconds(2));
        Assert.True(_memory.Has(1));
        _time.Advance(TimeSpan.FromSeconds(1));
        Assert.False(_memory.Has(1));
    }

    [Fact]
    public void Note_VeryMany_HoldsABoundedNumber()
    {
        for (int i = 0; i < 5000; i++) _memory.Note(i);
        Assert.InRange(Enumerable.Range(0, 5000).Count(_memory.Has), 1, BriefMemory<int>.Most);
        Assert.True(_memory.Has(4999));
    }
}
