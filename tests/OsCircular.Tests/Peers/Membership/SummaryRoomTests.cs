using Microsoft.Extensions.Time.Testing;
using OsCircular.Blocks;
using OsCircular.Peers.Membership;
using OsCircular.Peers.Summaries;
using OsCircular.TestKit.Sources;

namespace OsCircular.Tests.Peers.Membership;

public sealed class SummaryRoomTests : IDisposable
{
    private const long Limit = 256 * 1024;

    private readonly FakeTimeProvider _time = new();
    private readonly TestMembers _members;
    private readonly SummaryRoom _room;

    public SummaryRoomTests()
    {
        _members = new TestMembers(_time);
        _room = new SummaryRoom(_members.Table, Limit, new DuplicateCount(new FakeHeldNames(), _members.Metrics), _time);
    }

    public void Dispose()
    {
        _room.Dispose();
        _members.Dispose();
    }

    [Fact]
    public void TryApply_WhatFits_IsKept()
    {
        Member member = _members.Add(1);
        Assert.True(_room.TryApply(member, Summary(1000), out _));
        Assert.Equal(1000, member.Summary.Names);
        Assert.Equal(member.Summary.MemoryBytes, _room.Bytes);
    }

    [Fact]
    public void TryApply_TooMuchInAll_DropsTheLargestForGood()
    {
        Member[] small = [.. Enumerable.Range(1, 5).Select(i => _members.Add(i))];
        Member large = _members.Add(9);
        foreach (Member member in small) _room.TryApply(member, Summary(2000), out _);
        _room.TryApply(large, Summary(150_000), out _);

        Assert.False(large.KeepsSummary);
        Assert.Equal(0, large.Summary.Names);
        Assert.All(small, member => Assert.True(member.KeepsSummary));
        Assert.InRange(_room.Bytes, 1, Limit);
    }

    [Fact]
    public void TryApply_ManyMembers_StaysWithinItsBound()
    {
        for (int i = 1; i <= 50; i++)
        {
            _room.TryApply(_members.Add(i), Summary(100 * i), out _);
            Assert.InRange(_room.Bytes, 0, Limit);
        }

        Assert.Contains(_members.Table.All, member => member.KeepsSummary);
    }

    [Fact]
    public void TryApply_Nonsense_SaysWhatIsWrong()
    {
        Assert.False(_room.TryApply(_members.Add(1), "nonsense"u8, out string? fault));
        Assert.False(string.IsNullOrEmpty(fault));
    }

    [Fact]
    public async Task TryEnter_MoreThanMayRead_WaitAndThenAreTurnedAway()
    {
        for (int i = 0; i < SummaryRoom.MaxReading; i++) Assert.True(await _room.TryEnterAsync(TestContext.Current.CancellationToken));
        Task<bool> next = _room.TryEnterAsync(TestContext.Current.CancellationToken).AsTask();
        Task<bool> last = _room.TryEnterAsync(TestContext.Current.CancellationToken).AsTask();
        Assert.False(next.IsCompleted);
        _room.Leave();
        bool[] one = [await await Task.WhenAny(next, last)];
        _time.Advance(SummaryRoom.MaxWait);
        Assert.Equal([true], one);
        Assert.Equal(1, (await Task.WhenAll(next, last)).Count(entered => entered));
    }

    [Fact]
    public async Task TryEnter_CancelledWhileItWaits_SaysSo()
    {
        for (int i = 0; i < SummaryRoom.MaxReading; i++) await _room.TryEnterAsync(TestContext.Current.CancellationToken);
        using CancellationTokenSource cancel = new();
        Task<bool> waiting = _room.TryEnterAsync(cancel.Token).AsTask();
        await cancel.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting);
    }

    private static byte[] Summary(int keys)
    {
        FakeHeldNames names = new();
        for (int i = 0; i < keys; i++) names.Add(OsCircular.Sources.HeldKey.Of(BlockName.Of(BitConverter.GetBytes(i))));
        return new SummaryWriter(names, 1).Answer(null);
    }
}
