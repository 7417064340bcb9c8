using OsCircular.Peers.Membership;

namespace OsCircular.Peers.Homes;

/// <summary>Who may be a home, and in which order for a name.</summary>
internal static class HomeRanking
{
    /// <summary>More than one fallback would only ask the mirrors in another's name.</summary>
    public const int Depth = 2;

    /// <summary>The two first homes of a name among the usable members that can fetch from a mirror of this repository, and this host where it can.</summary>
    /// <param name="members">All that are known.</param>
    /// <param name="self">This host.</param>
    /// <param name="key">The name's.</param>
    /// <param name="ranked">Of <see cref="Depth"/>: filled with members, best first; null stands for this host.</param>
    /// <returns>How many were filled.</returns>
    public static int Rank(Member[] members, PeerHello self, ulong key, Span<Member?> ranked)
    {
        Span<ulong> ids = members.Length < 512 ? stackalloc ulong[members.Length + 1] : new ulong[members.Length + 1];
        Span<int> places = members.Length < 512 ? stackalloc int[members.Length + 1] : new int[members.Length + 1];
        int count = 0;
        for (int i = 0; i < members.Length; i++)
        {
            if (!MayBeHome(members[i], self)) continue;
            ids[count] = members[i].Weight;
            places[count++] = i;
        }

        if (self is { Fetches: true, Repository: not null })
        {
            ids[count] = Rendezvous.IdOf(self.Id);
            places[count++] = -1;
        }

        Span<int> heaviest = stackalloc int[Depth];
        int filled = Rendezvous.Rank(ids[..count], key, heaviest);
        for (int i = 0; i < filled; i++) ranked[i] = places[heaviest[i]] < 0 ? null : members[places[heaviest[i]]];
        return filled;
    }

    // Before a head is adopted this host does not know its repository: then any will do that has one, for a document's name proves it.
    private static bool MayBeHome(Member member, PeerHello self)
    {
        PeerHello hello = member.Hello;
        return hello.Fetches && hello.Repository is { } repository && (self.Repository is null || repository == self.Repository)
            && member.IsUsable && !member.Link.IsResting && !member.RestsAsHome;
    }
}
