using OsCircular.Peers.Summaries;
using OsCircular.Sources;
using OsCircular.TestKit.Sources;

namespace OsCircular.Tests.Peers.Summaries;

public sealed class PeerSummaryTests
{
    private readonly Random _random = new(2);
    private readonly FakeHeldNames _names = new();
    private readonly SummaryWriter _writer;
    private readonly PeerSummary _peer = new();

    public PeerSummaryTests() => _writer = new SummaryWriter(_names, 1);

    // Measured, of 5 million absent keys: 0.037 % at 100 names (25 in a bucket), 0.031 % at 10 000 (20), 0.036 % at 200 000 (24); at most 0.05 % (32).
    [Theory]
    [InlineData(100)]
    [InlineData(10_000)]
    [InlineData(200_000)]
    public void MayHold_AbsentKeys_SeldomOwnsToThem(int names)
    {
        _names.AddInBulk(Keys(names));
        Ask();
        int owned = Keys(100_000).Count(_peer.MayHold);
        Assert.InRange(owned, 1, 200);
        Assert.All(_names.Keys, key => Assert.True(_peer.MayHold(key)));
    }

    [Fact]
    public void MayHold_BeforeAnyAnswerOrCleared_HoldsNothing()
    {
        Assert.Null(_peer.Position);
        Assert.False(_peer.MayHold(0));
        _names.Add(0);
        Ask();
        Assert.True(_peer.MayHold(0));
        Assert.True(_peer.MemoryBytes > 0);
        _peer.Clear();
        Assert.False(_peer.MayHold(0));
        Assert.Null(_peer.Position);
        Assert.Equal(0, _peer.Names);
        Assert.Equal(0, _peer.MemoryBytes);
    }

    [Fact]
    public void MayHold_KeyGoneThatSharesItsFingerprint_LeavesTheOther()
    {
        _names.Add(0x1234_0000_0000_0100);
        _names.Add(0x1234_0000_0000_0200);
        Ask();
        _names.Remove(0x1234_0000_0000_0100);
        Ask();
        Assert.False(_peer.MayHold(0x1234_0000_0000_0100));
        Assert.True(_peer.MayHold(0x1234_0000_0000_0200));
        Assert.Equal(1, _peer.Names);
    }

    [Theory]
    [InlineData(0UL)]
    [InlineData(ulong.MaxValue)]
    public void MayHold_KeysAtTheEnds_ComeInBothWays(ulong key)
    {
        Ask();
        _names.Add(key);
        Ask();
        Assert.True(_peer.MayHold(key));
        _names.AddInBulk(Keys(100));
        Ask();
        Assert.True(_peer.MayHold(key));
    }

    [Fact]
    public void TryApply_ADeltaTwice_IsRefusedAndAsksForAll()
    {
        Ask();
        _names.Add(1UL << 50);
        byte[] delta = Ask();
        Assert.False(_peer.TryApply(delta, [], out string? fault));
        Assert.Equal("is not for what is here", fault);
        Assert.True(_peer.MayHold(1UL << 50));
        Assert.Null(_peer.Position);
        Assert.False(_peer.TryApply(delta, [], out _));
        Ask();
        Assert.Equal("0000000000000001:0", _peer.Position);
        Ask();
        Assert.Equal("0000000000000001:1", _peer.Position);
        Assert.True(_peer.MayHold(1UL << 50));
    }

    [Fact]
    public void TryApply_OfAPeerStartedAnew_IsWhatItHoldsNow()
    {
        _names.Add(1UL << 50);
        Ask();
        FakeHeldNames names = new();
        names.Add(2UL << 50);
        Assert.True(_peer.TryApply(new SummaryWriter(names, 2).Answer(_peer.Position), [], out _));
        Assert.False(_peer.MayHold(1UL << 50));
        Assert.True(_peer.MayHold(2UL << 50));
    }

    [Fact]
    public void TryApply_MuchChanged_AsksForAllAndUsesWhatIsHereMeanwhile()
    {
        Ask();
        for (int i = 0; i < 3000; i++)
        {
            _names.Add(Keys(1)[0]);
            if (i % 100 == 0) Ask();
            if (_peer.Position is null) break;
        }

        Assert.Null(_peer.Position);
        Assert.InRange(_peer.Names, 2049, 2200);
        Assert.InRange(_peer.MemoryBytes, 16_000, 70_000);
        Assert.All(_names.Keys, key => Assert.True(_peer.MayHold(key)));
        Ask();
        Assert.NotNull(_peer.Position);
        Assert.InRange(_peer.MemoryBytes, 4_000, 6_000);
    }

    [Fact]
    public void TryApply_AsMuchAsCanBe_TakesNoMoreThanItSays()
    {
        ulong[] keys = Keys(SummaryGeometry.MaxKeys);
        Array.Sort(keys);
        Assert.True(_peer.TryApply(SummarySet.Write(new SummaryPosition(1, 0), keys), [], out _));
        for (long sequence = 0; _peer.Position is not null; sequence++)
        {
            List<HeldChange> changes = [.. Keys(SummaryDelta.MaxChanges).Select(key => new HeldChange(key, HeldChangeKind.Added))];
            Assert.True(_peer.TryApply(SummaryDelta.Write(sequence, new SummaryPosition(1, sequence + 1), changes), [], out string? fault), fault);
        }

        Assert.InRange(_peer.MemoryBytes, 8_000_000, 25 * 1024 * 1024);
    }

    [Fact]
    public async Task MayHold_WhileAnswersComeIn_NeverDeniesWhatStays()
    {
        ulong[] staying = Keys(1000);
        _names.AddInBulk(staying);
        Ask();
        using CancellationTokenSource stop = new();
        Task<int> looking = Task.Run(() =>
        {
            int denied = 0;
            while (!stop.IsCancellationRequested) denied += staying.Count(key => !_peer.MayHold(key));
            return denied;
        });
        for (int i = 0; i < 2000; i++)
        {
            foreach (ulong key in Keys(5)) _names.Add(key);
            Ask();
        }

        await stop.CancelAsync();
        Assert.Equal(0, await looking);
    }

    private ulong[] Keys(int count) => [.. Enumerable.Range(0, count).Select(_ => (ulong)_random.NextInt64(long.MinValue, long.MaxValue))];

    private byte[] Ask()
    {
        byte[] body = _writer.Answer(_peer.Position);
        Assert.True(_peer.TryApply(body, [], out string? fault), fault);
        return body;
    }
}
