using OsCircular.Cache;
using OsCircular.Sources;

namespace OsCircular.Tests.Cache;

public sealed class HeldJournalTests
{
    private readonly HeldJournal _journal = new();
    private readonly List<HeldChange> _changes = [];

    [Fact]
    public void CopyChanges_OfANewJournal_IsNothingSinceTheStart()
    {
        Assert.Equal(0, _journal.Sequence);
        Assert.Equal(0, _journal.CopyChanges(0, _changes));
        Assert.Empty(_changes);
    }

    [Fact]
    public void CopyChanges_SinceAnySequence_IsWhatCameAfterItInOrder()
    {
        _journal.Add(7, HeldChangeKind.Added);
        _journal.Add(8, HeldChangeKind.AddedFromMirror);
        _journal.Add(7, HeldChangeKind.Removed);
        Assert.Equal(3, _journal.CopyChanges(1, _changes));
        Assert.Equal([new(8, HeldChangeKind.AddedFromMirror), new(7, HeldChangeKind.Removed)], _changes);
    }

    [Fact]
    public void CopyChanges_MoreThanTheRingHolds_IsRefusedAndAppendsNothing()
    {
        for (ulong key = 0; key < HeldJournal.Remembered + 10; key++) _journal.Add(key, HeldChangeKind.Added);
        Assert.Equal(-1, _journal.CopyChanges(9, _changes));
        Assert.Empty(_changes);
        Assert.Equal(HeldJournal.Remembered + 10, _journal.CopyChanges(10, _changes));
        Assert.Equal(Enumerable.Range(10, HeldJournal.Remembered).Select(key => new HeldChange((ulong)key, HeldChangeKind.Added)), _changes);
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(3)]
    [InlineData(long.MaxValue)]
    public void CopyChanges_SinceASequenceThatNeverWas_IsRefused(long since)
    {
        _journal.Add(1, HeldChangeKind.Added);
        _journal.Add(2, HeldChangeKind.Added);
        Assert.Equal(-1, _journal.CopyChanges(since, _changes));
        Assert.Empty(_changes);
    }

    [Fact]
    public void Forget_MakesAllBeforeUnknown()
    {
        _journal.Add(1, HeldChangeKind.Added);
        _journal.Forget();
        Assert.Equal(-1, _journal.CopyChanges(0, _changes));
        Assert.Equal(-1, _journal.CopyChanges(1, _changes));
        _journal.Add(2, HeldChangeKind.Added);
        Assert.Equal(3, _journal.CopyChanges(2, _changes));
        Assert.Equal([new(2, HeldChangeKind.Added)], _changes);
    }
}
