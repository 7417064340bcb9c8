using System.Globalization;
using OsCircular.Indexes;

namespace OsCircular.Library;

/// <summary>Which head may be adopted: pure functions of what is trusted, what was offered, and the time.</summary>
public static class Adoption
{
    /// <summary>Judges one head whose comment's signature is verified.</summary>
    /// <param name="trust">What was adopted before; null in a new cache.</param>
    /// <param name="head">The candidate.</param>
    /// <param name="now">By this host's clock. Expiry limits only what is newly adopted.</param>
    /// <returns>Null: it may be adopted, or already is.</returns>
    public static HeadRefusal? Judge(Trust? trust, Head head, DateTimeOffset now)
    {
        if (trust is not null)
        {
            if (head.Repository != trust.Repository)
            {
                return new HeadRefusal(
                    HeadRefusalReason.OtherRepository,
                    $"is of repository {head.Repository}, but this cache holds repository {trust.Repository}: use another --cache, or a mirror of that one");
            }

            if (head.Sequence < trust.Sequence)
            {
                return new HeadRefusal(
                    HeadRefusalReason.LowerSequence,
                    $"has sequence {head.Sequence}, lower than {trust.Sequence}, which was adopted before: the mirror lags, or shows an old copy");
            }

            if (head.Sequence == trust.Sequence)
            {
                return head.Manifest == trust.Manifest ? null : Fork(head, trust.Manifest.ToString(), "was adopted before under that sequence");
            }
        }

        return now < head.ExpiresAt
            ? null
            : new HeadRefusal(
                HeadRefusalReason.Expired,
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"expired at {head.ExpiresAt:yyyy-MM-dd'T'HH:mm'Z'}: check this host's clock ({now:yyyy-MM-dd'T'HH:mm'Z'}), or have the publisher run `oscircular sign`"));
    }

    /// <summary>Judges what all mirrors said, each by itself and against the others: mirrors that contradict each other are all refused.</summary>
    public static IReadOnlyList<MirrorHead> JudgeAll(Trust? trust, IReadOnlyList<MirrorHead> answers, DateTimeOffset now)
    {
        MirrorHead[] judged = [.. answers.Select(answer => answer.IsAcceptable ? answer with { Refusal = Judge(trust, answer.Head!, now) } : answer)];
        return [.. judged.Select(answer => answer.IsAcceptable ? answer with { Refusal = Contradiction(answer.Head!, judged) } : answer)];
    }

    /// <summary>The heads to adopt, in the order in which to try: the highest sequence first, each once, of equal ones the one that expires last.</summary>
    public static IReadOnlyList<Head> Candidates(IReadOnlyList<MirrorHead> judged) => [
        .. judged.Where(answer => answer.IsAcceptable)
            .Select(answer => answer.Head!)
            .OrderByDescending(head => head.Sequence)
            .ThenByDescending(head => head.ExpiresAt)
            .DistinctBy(head => head.Sequence)];

    private static HeadRefusal? Contradiction(Head head, MirrorHead[] judged)
    {
        foreach (MirrorHead other in judged)
        {
            if (!other.IsAcceptable) continue;
            if (other.Head!.Repository != head.Repository)
            {
                return new HeadRefusal(
                    HeadRefusalReason.OtherRepository,
                    $"is of repository {head.Repository}, but that of {other.Mirror} is of {other.Head.Repository}: give mirrors of one repository");
            }

            if (other.Head.Sequence == head.Sequence && other.Head.Manifest != head.Manifest)
            {
                return Fork(head, other.Head.Manifest.ToString(), $"is what {other.Mirror} has under that sequence");
            }
        }

        return null;
    }

    private static HeadRefusal Fork(Head head, string other, string where) => new(
        HeadRefusalReason.Fork,
        $"is a fork: sequence {head.Sequence} with manifest {head.Manifest}, while manifest {other} {where}; ask the publisher which is right, and have that one signed anew");
}
