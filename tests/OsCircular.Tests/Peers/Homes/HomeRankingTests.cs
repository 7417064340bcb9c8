using Microsoft.Extensions.Time.Testing;
using OsCircular.Peers;
using OsCircular.Peers.Homes;
using OsCircular.Peers.Membership;

namespace OsCircular.Tests.Peers.Homes;

public sealed class HomeRankingTests : IDisposable
{
    private readonly FakeTimeProvider _time = new();
    private readonly TestMembers _members;

    public HomeRankingTests() => _members = new TestMembers(_time);

    public void Dispose() => _members.Dispose();

    [Fact]
    public void Rank_AloneAndAbleToFetch_IsThisHost() => Assert.Equal([null], Rank(TestMembers.Self, 1));

    [Fact]
    public void Rank_AloneAndNotAble_IsNobody() => Assert.Empty(Rank(TestMembers.Self with { Fetches = false }, 1));

    [Fact]
    public void Rank_NotAbleBesideOthers_HasMembersOnly()
    {
        Member other = _members.Add(1);
        Assert.Equal([other], Rank(TestMembers.Self with { Fetches = false }, 1));
    }

    [Fact]
    public void Rank_ThisHostBeforeItHasAHead_IsNotItself()
    {
        Member other = _members.Add(1);
        Member another = _members.Add(2, repository: "ffffffffffffffff");
        Assert.Equal([other, another], Rank(TestMembers.Self with { Repository = null }, 1).OrderBy(member => member!.Address.ToString(), StringComparer.Ordinal));
    }

    [Fact]
    public void Rank_AllMembers_AgreeOnTheHome()
    {
        for (int i = 1; i <= 5; i++) _members.Add(i);
        for (ulong key = 0; key < 200; key++)
        {
            // As another member sees it: this host is one of the members, and it is itself.
            using TestMembers theirs = new(new FakeTimeProvider());
            MemberTable table = new(TestMembers.Id(5), theirs.Make, new PeerOptions(), new FakeTimeProvider());
            for (int i = 0; i < 5; i++) table.Hear(TestMembers.Address(i), TestMembers.Hello(i), out _);
            Assert.Equal(Ids(Rank(TestMembers.Self, key), TestMembers.Self.Id), Ids(Rank(TestMembers.Hello(5), key, table: table), TestMembers.Id(5)));
            table.Dispose();
        }
    }

    [Fact]
    public void Rank_ThoseWhoCannot_AreLeftOut()
    {
        Member good = _members.Add(1);
        _members.Add(2, fetches: false);
        _members.Add(3, repository: "ffffffffffffffff");
        _members.Add(4, repository: null);
        _members.Table.Missed(_members.Add(5));
        _members.Add(6).Conduct.NoteWrong("a", again: true);
        for (ulong key = 0; key < 50; key++) Assert.Equal([good], Rank(TestMembers.Self with { Fetches = false }, key));
    }

    [Fact]
    public void Rank_AMemberWasSilentAsHome_IsLeftOutForAWhile()
    {
        Member good = _members.Add(1), silent = _members.Add(2);
        silent.RestAsHome();
        Assert.True(silent.IsUsable);
        for (ulong key = 0; key < 50; key++) Assert.Equal([good], Rank(TestMembers.Self with { Fetches = false }, key));
        _time.Advance(HomeTiming.SilentRest);
        Assert.Equal(2, Rank(TestMembers.Self with { Fetches = false }, 1).Length);
    }

    [Fact]
    public void Rank_MoreMembersThanTheStackTakes_IsTheSame()
    {
        using TestMembers many = new(new FakeTimeProvider(), new PeerOptions { MaxMembers = 4096 });
        for (int i = 1; i <= 700; i++) many.Add(i);
        Assert.Equal(2, Rank(TestMembers.Self, 7, table: many.Table).Length);
    }

    private static PeerId[] Ids(Member?[] ranked, PeerId self) => [.. ranked.Select(member => member?.Id ?? self)];

    private Member?[] Rank(PeerHello self, ulong key, MemberTable? table = null)
    {
        Member?[] ranked = new Member?[HomeRanking.Depth];
        return ranked[..HomeRanking.Rank((table ?? _members.Table).All, self, key, ranked)];
    }
}
