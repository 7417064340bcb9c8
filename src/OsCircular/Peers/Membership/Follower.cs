using Microsoft.Extensions.Logging;
using OsCircular.Peers.Client;
using OsCircular.Peers.Summaries;
using OsCircular.Sources;
using OsCircular.Sources.Transfers;

namespace OsCircular.Peers.Membership;

/// <summary>
/// Looks at one member again and again: whether it is alive, what it says of itself, and what it holds. One look is one small request for the changes
/// since the last. One for each member.
/// </summary>
internal sealed class Follower(PeerSet peers, SummaryRoom room, Action<Member, PeerHello> heard, ILogger logger)
{
    private static readonly TimeSpan LookLimit = TimeSpan.FromSeconds(30);

    // What was said of it last: a request for a block may find it silent, and a greeting find it back, before a look does.
    private bool _saidSilent;

    /// <summary>Follows a member until it is forgotten or the token is cancelled.</summary>
    public async Task RunAsync(Member member, CancellationToken cancellationToken)
    {
        try
        {
            while (peers.Members.Holds(member))
            {
                bool whole = member.KeepsSummary && member.Summary.Position is null;
                await LookAsync(member, cancellationToken).ConfigureAwait(false);

                // A whole summary is shared between askers, and a little old: what changed since is a small question.
                if (whole && member.Summary.Position is not null) await LookAsync(member, cancellationToken).ConfigureAwait(false);
                if (member.Misses > 0 && member.Quiet > PollRule.ForgetAfter)
                {
                    logger.PeerForgotten(member.Address.ToString(), PollRule.ForgetAfter.TotalMinutes);
                    peers.Members.Forget(member);
                    return;
                }

                await member.WaitAsync(PollRule.Pause(member.Misses, peers.SinceAsked, peers.Options, peers.Draw()), cancellationToken).ConfigureAwait(false);
            }
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
        }
    }

    private async Task LookAsync(Member member, CancellationToken cancellationToken)
    {
        if (member.Conduct.IsBanned) return;
        BodyBuffer body = BodyBuffer.UpTo(member.KeepsSummary ? PeerSummary.MaxBodyLength : PeersDocument.MaxLength, peers.Time);
        PeerAnswer answer = await member.Link.LookAsync(PathOf(member), body, LookLimit, cancellationToken).ConfigureAwait(false);
        if (answer.Error == SourceError.Cancelled) return;
        bool isAnother = answer.Hello is { } said && said.Id != member.Id;
        if (answer.Error != SourceError.None || isAnother)
        {
            peers.Members.Missed(member);
            if (!_saidSilent) logger.PeerSilent(member.Address.ToString(), isAnother ? "another agent answers there" : answer.Detail ?? answer.Error.ToString());
            _saidSilent = true;
            if (isAnother) peers.Members.Forget(member);
            return;
        }

        if (_saidSilent) logger.PeerIsBack(member.Address.ToString());
        _saidSilent = false;
        heard(member, answer.Hello!);

        // What does not fit is asked for whole at the next look.
        if (member.KeepsSummary && !room.TryApply(member, body.Written.Span, out string? fault)) logger.SummaryUnusable(member.Address.ToString(), fault);
    }

    private static string PathOf(Member member) =>
        !member.KeepsSummary ? "/peers" : member.Summary.Position is { } since ? $"/summary?since={since}" : "/summary";
}
