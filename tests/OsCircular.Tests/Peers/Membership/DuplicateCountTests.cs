using OsCircular.Peers;
using OsCircular.Peers.Membership;
using OsCircular.Sources;
using OsCircular.TestKit.Mirrors;
using OsCircular.TestKit.Sources;

namespace OsCircular.Tests.Peers.Membership;

public sealed class DuplicateCountTests : IDisposable
{
    private readonly TestMeters _meters = new();
    private readonly FakeHeldNames _own = new();
    private readonly DuplicateCount _count;

    public DuplicateCountTests() => _count = new DuplicateCount(_own, new PeerMetrics(_meters));

    public void Dispose() => _meters.Dispose();

    [Fact]
    public void Note_BothFetchedItFromAMirror_IsOne()
    {
        _own.Add(1, HeldChangeKind.AddedFromMirror);
        Note(1);
        Assert.Equal(1, _count.Count);
    }

    [Fact]
    public void Note_TheOtherFirst_IsOneToo()
    {
        Note(1);
        _own.Add(1, HeldChangeKind.AddedFromMirror);
        _count.Note([]);
        Assert.Equal(1, _count.Count);
    }

    [Fact]
    public void Note_ToldAgainByAnother_IsStillOne()
    {
        _own.Add(1, HeldChangeKind.AddedFromMirror);
        Note(1);
        Note(1);
        Assert.Equal(1, _count.Count);
    }

    [Fact]
    public void Note_OneHasItFromAPeer_IsNone()
    {
        _own.Add(1);
        Note(1);
        _own.Add(2, HeldChangeKind.AddedFromMirror);
        _count.Note([new HeldChange(2, HeldChangeKind.Added), new HeldChange(2, HeldChangeKind.Removed)]);
        Assert.Equal(0, _count.Count);
    }

    [Fact]
    public void Note_LongAfterwards_IsNone()
    {
        _own.Add(1, HeldChangeKind.AddedFromMirror);
        for (ulong key = 100; key < 20_000; key++) _own.Add(key, HeldChangeKind.AddedFromMirror);
        Note(1);
        Assert.Equal(0, _count.Count);
    }

    [Fact]
    public void Note_OwnChangesForgotten_GoesOnFromNow()
    {
        _own.AddInBulk([1, 2, 3]);
        Note(9);
        _own.Add(9, HeldChangeKind.AddedFromMirror);
        _count.Note([]);
        Assert.Equal(1, _count.Count);
    }

    private void Note(ulong key) => _count.Note([new HeldChange(key, HeldChangeKind.AddedFromMirror)]);
}
