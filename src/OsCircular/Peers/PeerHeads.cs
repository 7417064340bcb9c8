using OsCircular.Peers.Membership;
using OsCircular.Sources;
using OsCircular.Sources.Transfers;

namespace OsCircular.Peers;

/// <summary>The members that say they have a newer head than this host.</summary>
internal sealed class PeerHeads(PeerSet peers) : IHeadSources
{
    /// <summary>At one time: few, for a head is asked for by every host of the room.</summary>
    public const int Most = 3;

    /// <inheritdoc/>
    public IReadOnlyList<IHeadSource> Now
    {
        get
        {
            PeerHello self = peers.Hello();
            return [
                .. peers.Members.All
                    .Where(member => member.IsUsable && IsNewer(member.Hello, self))

                    // Whoever was not looked at for longest: however many announce what they do not have, everybody's turn comes.
                    .OrderByDescending(member => member.HeadLook.Since)
                    .ThenByDescending(member => member.Hello.Sequence)
                    .ThenBy(_ => peers.Draw())
                    .Take(Most)
                    .Select(member => new PeerHead(member, peers.Time))];
        }
    }

    /// <summary>Whether a member has what this host lacks. Before a head is adopted, any repository may be the one: the publisher's key tells.</summary>
    public static bool IsNewer(PeerHello hello, PeerHello self) =>
        hello.Sequence > self.Sequence && hello.Repository is { } repository && (self.Repository is null || repository == self.Repository);

    private sealed class PeerHead(Member member, TimeProvider time) : IHeadSource
    {
        public string Name { get; } = $"peer {member.Address}";

        public async ValueTask<FetchedHead> FetchHeadAsync(Deadline deadline, CancellationToken cancellationToken)
        {
            BodyBuffer body = BodyBuffer.UpTo(RepositoryPaths.MaxHeadLength, time);
            if (deadline.HasPassed) return SourceError.TimedOut;
            member.HeadLook.Note(member.Hello.Sequence);
            Client.PeerAnswer answer = await member.Link.GetHeadAsync(body, deadline.Remaining, cancellationToken).ConfigureAwait(false);
            return answer.Error == SourceError.None && !answer.IsWorking
                ? new FetchedHead(SourceError.None, body.Written)
                : new FetchedHead(answer.Error == SourceError.None ? SourceError.Invalid : answer.Error, default, answer.Detail);
        }
    }
}
