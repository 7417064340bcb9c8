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
    private static readonly TimeSpan LookLimit = TimeSpan.FromSeconds(20);

    // Of a body that is read whoever else is being looked at: the names of 30 000 blocks, or all that /peers may say.
    private const int ShortBody = PeersDocument.MaxLength;

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

                await member.WaitAsync(PollRule.Pause(member.Misses, peers.SinceAsked, peers.Members.All.Length, peers.Options, peers.Draw()), cancellationToken).ConfigureAwait(false);
            }
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
        }
    }

    private async Task LookAsync(Member member, CancellationToken cancellationToken)
    {
        if (member.Conduct.IsBanned) return;
        string path = PathOf(member);
        (PeerAnswer answer, BodyBuffer body) = await AskAsync(member, path, ShortBody, cancellationToken).ConfigureAwait(false);
        if (answer.Error == SourceError.Invalid && member.KeepsSummary) await LookAtLongAsync(member, path, cancellationToken).ConfigureAwait(false);
        else Take(member, answer, member.KeepsSummary ? body : null);
    }

    // There may be hundreds of members: memory for a long summary is given to a few at a time, and the others are only seen to be there.
    private async Task LookAtLongAsync(Member member, string path, CancellationToken cancellationToken)
    {
        if (!await room.TryEnterAsync(cancellationToken).ConfigureAwait(false))
        {
            Take(member, (await AskAsync(member, "/peers", ShortBody, cancellationToken).ConfigureAwait(false)).Answer, summary: null);
            return;
        }

        try
        {
            (PeerAnswer answer, BodyBuffer body) = await AskAsync(member, path, PeerSummary.MaxBodyLength, cancellationToken).ConfigureAwait(false);
            Take(member, answer, body);
        }
        finally
        {
            room.Leave();
        }
    }

    private async ValueTask<(PeerAnswer Answer, BodyBuffer Body)> AskAsync(Member member, string path, int maxLength, CancellationToken cancellationToken)
    {
        BodyBuffer body = BodyBuffer.UpTo(maxLength, peers.Time);
        return (await member.Link.LookAsync(path, body, LookLimit, cancellationToken).ConfigureAwait(false), body);
    }

    /// <param name="summary">The answer's body where that is one.</param>
    private void Take(Member member, PeerAnswer answer, BodyBuffer? summary)
    {
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
        if (summary is not null && !room.TryApply(member, summary.Written.Span, out string? fault)) logger.SummaryUnusable(member.Address.ToString(), fault);
    }

    private static string PathOf(Member member) =>
        !member.KeepsSummary ? "/peers" : member.Summary.Position is { } since ? $"/summary?since={since}" : "/summary";
}
