using OsCircular.Peers.Summaries;
using OsCircular.Sources;
using OsCircular.TestKit.Sources;

namespace OsCircular.Tests.Peers.Summaries;

public sealed class SummaryWriterTests
{
    private const int EmptyDelta = 34;

    private readonly Random _random = new(1);
    private readonly FakeHeldNames _names = new();
    private readonly SummaryWriter _writer;
    private readonly PeerSummary _peer = new();

    public SummaryWriterTests() => _writer = new SummaryWriter(_names, 0xe);

    [Fact]
    public void Answer_NothingNew_IsAnEmptyDelta()
    {
        AddMany(1000);
        Ask();
        Assert.Equal(EmptyDelta, Ask().Length);
        Assert.Equal("000000000000000e:1000", _peer.Position);
    }

    [Fact]
    public void Answer_AFewChanges_TellsThemAndOfWhatKindTheyAre()
    {
        AddMany(1000);
        Ask();
        _names.Add(1UL << 60, HeldChangeKind.AddedFromMirror);
        _names.Add(2UL << 60);
        _names.Remove(1UL << 60);
        List<HeldChange> changes = [];
        byte[] body = _writer.Answer(_peer.Position);
        Assert.True(_peer.TryApply(body, changes, out string? fault), fault);
        Assert.Equal(EmptyDelta + 3 * 9, body.Length);
        Assert.Equal([new(1UL << 60, HeldChangeKind.AddedFromMirror), new(2UL << 60, HeldChangeKind.Added), new(1UL << 60, HeldChangeKind.Removed)], changes);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("nonsense")]
    [InlineData("000000000000000f:1000")]
    [InlineData("000000000000000e:1001")]
    public void Answer_ToWhoHasNothingOfThisEpoch_IsAll(string? since)
    {
        AddMany(1000);
        Assert.True(_peer.TryApply(_writer.Answer(since), [], out _));
        Assert.Equal(1000, _peer.Names);
        Assert.All(_names.Keys, key => Assert.True(_peer.MayHold(key)));
    }

    [Fact]
    public void Answer_WhatIsForgotten_IsAll()
    {
        FakeHeldNames names = new(remembered: 10);
        SummaryWriter writer = new(names, 0xe);
        Apply(writer.Answer(null));
        for (ulong key = 1; key <= 11; key++) names.Add(key << 40);
        Apply(writer.Answer(_peer.Position));
        Assert.Equal(11, _peer.Names);
        Assert.Equal("000000000000000e:11", _peer.Position);
    }

    [Fact]
    public void Answer_AfterABulk_IsAllAnew()
    {
        AddMany(1000);
        Ask();
        _names.AddInBulk([1UL << 60]);
        Ask();
        Assert.True(_peer.MayHold(1UL << 60));
        Assert.Equal(1001, _peer.Names);
    }

    [Fact]
    public void Answer_MoreChangesThanAllWouldCost_IsAllAndGetsOn()
    {
        AddMany(10_000);
        Ask();
        AddMany(5_000);
        byte[] body = Ask();
        Assert.InRange(body.Length, 15_000 * 2, 15_000 * 2.3);
        Assert.Equal("000000000000000e:15000", _peer.Position);
    }

    [Fact]
    public void Answer_To300WhoAskAtOnce_IsBuiltOnce()
    {
        AddMany(100_000);
        byte[][] bodies = new byte[300][];
        Parallel.For(0, bodies.Length, i => bodies[i] = _writer.Answer(null));
        Assert.Equal(1, _names.Copies);
        Assert.All(bodies, body => Assert.Same(bodies[0], body));
    }

    [Fact]
    public void Answer_WhileMuchComesIn_IsBuiltSeldomAndNeverFarBehind()
    {
        AddMany(100_000);
        for (int i = 0; i < 1000; i++)
        {
            AddMany(10);
            Apply(_writer.Answer(null));
            Assert.True(SummaryPosition.TryParse(_peer.Position, out SummaryPosition position));
            Assert.InRange(position.Sequence, _names.Sequence - 500, _names.Sequence);
        }

        Assert.InRange(_names.Copies, 20, 40);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(33)]
    [InlineData(100)]
    [InlineData(10_000)]
    [InlineData(200_000)]
    public void Answer_OfAll_TakesTwoBytesAndABitForEach(int keys)
    {
        _names.AddInBulk(Enumerable.Range(0, keys).Select(_ => Key()));
        byte[] body = _writer.Answer(null);
        Assert.InRange(body.Length, 30 + 2 * keys, 30 + 2.25 * keys);
        Apply(body);
        Assert.InRange(_peer.MemoryBytes, body.Length - 30, body.Length + 1024);
    }

    [Fact]
    public void Answer_OfMoreThanFit_IsWithinTheBoundAndTellsWhatFits()
    {
        _names.AddInBulk(Enumerable.Range(0, SummaryGeometry.MaxKeys + 100_000).Select(_ => Key()));
        byte[] body = _writer.Answer(null);
        Assert.InRange(body.Length, 0, PeerSummary.MaxBodyLength);
        Apply(body);
        Assert.Equal(SummaryGeometry.MaxKeys, _peer.Names);
    }

    [Fact]
    public void Answer_OfKeysHeldTwice_TellsThemOnce()
    {
        SummaryWriter writer = new(new Twice(), 1);
        Apply(writer.Answer(null));
        Assert.Equal(2, _peer.Names);
        Assert.True(_peer.MayHold(5) && _peer.MayHold(9));
    }

    private ulong Key() => (ulong)_random.NextInt64(long.MinValue, long.MaxValue);

    private void AddMany(int count)
    {
        for (int i = 0; i < count; i++) _names.Add(Key());
    }

    private byte[] Ask()
    {
        byte[] body = _writer.Answer(_peer.Position);
        Apply(body);
        return body;
    }

    private void Apply(byte[] body) => Assert.True(_peer.TryApply(body, [], out string? fault), fault);

    private sealed class Twice : IHeldNames
    {
        public long Sequence => 0;

        public long CopyChanges(long since, List<HeldChange> changes) => 0;

        public long CopyKeys(List<ulong> keys)
        {
            keys.AddRange([9, 5, 9]);
            return 0;
        }
    }
}
