using System.Net;
using Microsoft.Extensions.Time.Testing;
using OsCircular.Peers;
using OsCircular.Peers.Membership;

namespace OsCircular.Tests.Peers.Membership;

public sealed class MemberTableTests : IDisposable
{
    private readonly FakeTimeProvider _time = new();
    private readonly TestMembers _members;

    public MemberTableTests() => _members = new TestMembers(_time, new PeerOptions { MaxMembers = 10, MaxMembersAtAddress = 3 });

    public void Dispose() => _members.Dispose();

    [Fact]
    public void Hear_ThisAgentItself_IsNoMember()
    {
        Assert.Equal(Hearing.Self, Hear(TestMembers.Address(1), TestMembers.Self, out Member? member));
        Assert.Null(member);
        Assert.Empty(_members.Table.All);
    }

    [Fact]
    public void Hear_Twice_IsOneMember()
    {
        Member first = _members.Add(1);
        Assert.Equal(Hearing.Known, Hear(TestMembers.Address(1), TestMembers.Hello(1), out Member? again));
        Assert.Same(first, again);
        Assert.Equal([first], _members.Table.All);
    }

    [Fact]
    public void Hear_ALiveOneAtASecondAddress_IsNotBelieved()
    {
        Member first = _members.Add(1);
        Assert.Equal(Hearing.Known, Hear(TestMembers.Address(99), TestMembers.Hello(1, fetches: false), out Member? member));
        Assert.Same(first, member);
        Assert.True(first.Hello.Fetches);
        Assert.False(_members.Table.TryFind(TestMembers.Address(99), out _));
    }

    [Fact]
    public void Hear_ASilentOneAtAnotherAddress_HasMoved()
    {
        Member first = _members.Add(1);
        _members.Table.Missed(first);
        Assert.Equal(Hearing.New, Hear(TestMembers.Address(99), TestMembers.Hello(1), out Member? moved));
        Assert.Same(moved, Assert.Single(_members.Table.All));
        Assert.False(_members.Table.Holds(first));
    }

    [Fact]
    public void Hear_AnotherIdAtItsAddress_WasStartedAgain()
    {
        Member first = _members.Add(1);
        Assert.Equal(Hearing.New, Hear(TestMembers.Address(1), TestMembers.Hello(2), out Member? second));
        Assert.Same(second, Assert.Single(_members.Table.All));
        Assert.False(_members.Table.TryFind(first.Id, out _));
    }

    [Fact]
    public async Task Hear_InAnothersPlace_EndsTheWaitOfWhoeverFollowsTheOther()
    {
        Member first = _members.Add(1);
        Task waiting = first.WaitAsync(TimeSpan.FromHours(1), TestContext.Current.CancellationToken);
        Assert.False(waiting.IsCompleted);
        Hear(TestMembers.Address(1), TestMembers.Hello(2), out _);
        await waiting.WaitAsync(TimeSpan.FromSeconds(10), TestContext.Current.CancellationToken);
    }

    [Fact]
    public void Hear_MoreThanThereIsRoomFor_IsFullInAllAndAtAnAddress()
    {
        for (int port = 1; port <= 3; port++) Assert.Equal(Hearing.New, Hear(TestMembers.Address(1, port), TestMembers.Hello(port), out _));
        Assert.Equal(Hearing.Full, Hear(TestMembers.Address(1, 4), TestMembers.Hello(4), out Member? none));
        Assert.Null(none);
        for (int i = 11; i <= 17; i++) _members.Add(i);
        Assert.Equal(Hearing.Full, Hear(TestMembers.Address(18), TestMembers.Hello(18), out _));

        // Whoever is known already is not shut out by the others.
        Assert.Equal(Hearing.Known, Hear(TestMembers.Address(11), TestMembers.Hello(11), out _));
        Assert.Equal(Hearing.New, Hear(TestMembers.Address(1, 1), TestMembers.Hello(77), out _));
        Assert.Equal(10, _members.Table.All.Length);
    }

    [Fact]
    public void Missed_ThenHeard_IsSilentAndBack()
    {
        Member member = _members.Add(1);
        Assert.True(_members.Table.Missed(member));
        Assert.False(_members.Table.Missed(member));
        Assert.Equal(2, member.Misses);
        Assert.False(member.IsUsable);
        Hear(TestMembers.Address(1), TestMembers.Hello(1), out _);
        Assert.True(member.IsUsable);
    }

    [Fact]
    public void SinceChange_OnlyWhatHomesDependOn_Counts()
    {
        Member member = _members.Add(1);
        AssertChanges(false, () => Hear(TestMembers.Address(1), TestMembers.Hello(1) with { Sequence = 9 }, out _));
        AssertChanges(true, () => Hear(TestMembers.Address(1), TestMembers.Hello(1, fetches: false), out _));
        AssertChanges(true, () => Hear(TestMembers.Address(1), TestMembers.Hello(1, repository: null), out _));
        AssertChanges(true, () => _members.Table.Missed(member));
        AssertChanges(false, () => _members.Table.Missed(member));
        AssertChanges(true, () => Hear(TestMembers.Address(1), TestMembers.Hello(1, repository: null), out _));
        AssertChanges(true, () => _members.Add(2));
        AssertChanges(true, () => _members.Table.Forget(member));
        AssertChanges(false, () => _members.Table.Forget(member));
    }

    [Fact]
    public void Quiet_IsSinceItWasLastHeard()
    {
        Member member = _members.Add(1);
        _time.Advance(TimeSpan.FromSeconds(5));
        Assert.Equal(TimeSpan.FromSeconds(5), member.Quiet);
        Hear(TestMembers.Address(1), TestMembers.Hello(1), out _);
        Assert.Equal(TimeSpan.Zero, member.Quiet);
    }

    [Fact]
    public async Task Hear_FromManyThreads_KeepsItsBounds()
    {
        await Parallel.ForEachAsync(Enumerable.Range(0, 400), (i, _) =>
        {
            if (Hear(TestMembers.Address(i % 20, i % 7), TestMembers.Hello(i % 50), out Member? member) == Hearing.New && i % 3 == 0) _members.Table.Forget(member!);
            return ValueTask.CompletedTask;
        });
        Member[] all = _members.Table.All;
        Assert.InRange(all.Length, 0, 10);
        Assert.Equal(all.Length, all.Select(member => member.Id).Distinct().Count());
        Assert.Equal(all.Length, all.Select(member => member.Address).Distinct().Count());
        Assert.All(all.GroupBy(member => member.Address.Address), host => Assert.InRange(host.Count(), 1, 3));
    }

    private Hearing Hear(IPEndPoint address, PeerHello hello, out Member? member) => _members.Table.Hear(address, hello, out member);

    private void AssertChanges(bool changes, Action action)
    {
        _time.Advance(TimeSpan.FromMinutes(1));
        action();
        Assert.Equal(changes, _members.Table.SinceChange == TimeSpan.Zero);
    }
}
