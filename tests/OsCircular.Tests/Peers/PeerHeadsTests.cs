using Microsoft.Extensions.Time.Testing;
using OsCircular.Peers;
using OsCircular.Peers.Membership;
using OsCircular.Sources;

namespace OsCircular.Tests.Peers;

public sealed class PeerHeadsTests : IDisposable
{
    private readonly FakeTimeProvider _time = new();
    private readonly TestMembers _members;
    private readonly PeerHeads _heads;

    public PeerHeadsTests()
    {
        _members = new TestMembers(_time);
        _heads = new PeerHeads(_members.Set(new Random(1)));
    }

    public void Dispose() => _members.Dispose();

    [Fact]
    public void Now_MembersWithNothingNewer_AreLeftOut()
    {
        Announce(1, sequence: TestMembers.Self.Sequence);
        Member newer = Announce(2, sequence: 2);
        Announce(3, sequence: 3, repository: "fedcba9876543210");
        Assert.Equal($"peer {newer.Address}", Assert.Single(_heads.Now).Name);
    }

    [Fact]
    public void Now_Many_AreThoseThatAnnounceMost()
    {
        for (int i = 1; i <= 10; i++) Announce(i, sequence: 100 + i);
        Assert.Equal([$"peer {TestMembers.Address(10)}", $"peer {TestMembers.Address(9)}", $"peer {TestMembers.Address(8)}"], _heads.Now.Select(head => head.Name));
    }

    [Fact]
    public async Task Now_LiarsAnnounceEverMore_AnHonestMembersTurnComes()
    {
        const int liars = 7;
        string honest = $"peer {Announce(99, sequence: 2).Address}";
        bool seen = false;
        for (int round = 0; round < 1 + (liars / PeerHeads.Most); round++)
        {
            for (int i = 1; i <= liars; i++) Announce(i, sequence: 1_000_000 + round);
            foreach (IHeadSource source in _heads.Now)
            {
                seen |= source.Name == honest;
                await source.FetchHeadAsync(Deadline.In(TimeSpan.FromSeconds(1), _time), new CancellationToken(canceled: true));
            }

            _time.Advance(HeadLook.Least);
        }

        Assert.True(seen);
    }

    private Member Announce(int number, long sequence, string repository = TestMembers.Repository)
    {
        _members.Table.Hear(TestMembers.Address(number), TestMembers.Hello(number, repository) with { Sequence = sequence }, out Member? member);
        return member!;
    }
}
