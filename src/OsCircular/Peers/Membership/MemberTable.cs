using System.Diagnostics.CodeAnalysis;
using System.Net;

namespace OsCircular.Peers.Membership;

/// <summary>
/// The members known, each once: one id at one address. Readers take <see cref="All"/>, a snapshot that is swapped whole; thread-safe.
/// Bounded in all and for each address, so that nobody fills it with inventions.
/// </summary>
internal sealed class MemberTable : IDisposable
{
    private readonly PeerId _self;
    private readonly Func<IPEndPoint, PeerHello, Member> _make;
    private readonly PeerOptions _options;
    private readonly TimeProvider _time;
    private readonly Lock _lock = new();
    private Member[] _all = [];
    private long _changed;

    /// <param name="self">This agent's id: it is never a member of its own table.</param>
    /// <param name="make">Makes a member; called under the table's lock.</param>
    public MemberTable(PeerId self, Func<IPEndPoint, PeerHello, Member> make, PeerOptions options, TimeProvider time)
    {
        _self = self;
        _make = make;
        _options = options;
        _time = time;
        _changed = time.GetTimestamp();
    }

    /// <summary>Every member, alive or not, in no order.</summary>
    public Member[] All => Volatile.Read(ref _all);

    /// <summary>Since the last time that a home may have changed: a member came, went, fell silent, came back, or says that it can fetch or no longer can.</summary>
    public TimeSpan SinceChange => _time.GetElapsedTime(Volatile.Read(ref _changed));

    /// <summary>Something is known of a member from itself.</summary>
    /// <param name="address">Where it listens.</param>
    /// <param name="hello">What it says of itself.</param>
    /// <param name="member">Whom it is; null where it is not taken up.</param>
    /// <returns>How that changed the table.</returns>
    public Hearing Hear(IPEndPoint address, PeerHello hello, out Member? member)
    {
        member = null;
        if (hello.Id == _self) return Hearing.Self;
        Member? gone;
        lock (_lock)
        {
            if (Find(hello.Id) is { } known && (known.Address.Equals(address) || known.IsAlive))
            {
                // What a second address says in the first one's name is not believed; a host with two families is one member.
                member = known;
                if (!known.Address.Equals(address)) return Hearing.Known;
                if (known.NoteHeard(hello)) Changed();
                return Hearing.Known;
            }

            // Started again under another id, or moved: what was known of it is void.
            gone = Find(address) ?? Find(hello.Id);
            if (gone is not null) Remove(gone);
            else if (All.Length >= _options.MaxMembers || All.Count(other => other.Address.Address.Equals(address.Address)) >= _options.MaxMembersAtAddress) return Hearing.Full;
            member = _make(address, hello);
            Volatile.Write(ref _all, [.. All, member]);
            Changed();
        }

        gone?.Dispose();
        return Hearing.New;
    }

    /// <summary>A member did not answer.</summary>
    /// <returns>Whether it was alive until then.</returns>
    public bool Missed(Member member)
    {
        if (!member.NoteMissed()) return false;
        Changed();
        return true;
    }

    public void Forget(Member member)
    {
        lock (_lock)
        {
            if (!Remove(member)) return;
            Changed();
        }

        member.Dispose();
    }

    public bool Holds(Member member) => Array.IndexOf(All, member) >= 0;

    public bool TryFind(IPEndPoint address, [NotNullWhen(true)] out Member? member) => (member = Find(address)) is not null;

    public bool TryFind(PeerId id, [NotNullWhen(true)] out Member? member) => (member = Find(id)) is not null;

    /// <summary>To be called when no task uses a member any more.</summary>
    public void Dispose()
    {
        foreach (Member member in All) member.Dispose();
    }

    private Member? Find(PeerId id) => Array.Find(All, member => member.Id == id);

    private Member? Find(IPEndPoint address) => Array.Find(All, member => member.Address.Equals(address));

    private bool Remove(Member member)
    {
        Member[] left = [.. All.Where(other => other != member)];
        bool removed = left.Length < All.Length;
        Volatile.Write(ref _all, left);
        return removed;
    }

    private void Changed() => Volatile.Write(ref _changed, _time.GetTimestamp());
}

/// <summary>What became of a hello.</summary>
internal enum Hearing
{
    /// <summary>A member now, and not before.</summary>
    New,
    Known,

    /// <summary>This agent's own.</summary>
    Self,

    /// <summary>There are too many members, in all or at that address.</summary>
    Full,
}
