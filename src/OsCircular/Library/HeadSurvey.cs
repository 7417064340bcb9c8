using OsCircular.Indexes;
using OsCircular.Indexes.Signing;
using OsCircular.Sources;

namespace OsCircular.Library;

/// <summary>Asks every mirror for its head at once.</summary>
internal static class HeadSurvey
{
    /// <summary>How long the others are waited for after a mirror has answered with a head: a dead mirror must not hold up a start.</summary>
    public static readonly TimeSpan Grace = TimeSpan.FromSeconds(2);

    /// <returns>One answer for each mirror, in their order; heads opened, not judged.</returns>
    public static async Task<IReadOnlyList<MirrorHead>> AskAsync(
        IReadOnlyList<IHeadSource> mirrors, KeyRing keys, Deadline deadline, CancellationToken cancellationToken)
    {
        using CancellationTokenSource patience = new(Timeout.InfiniteTimeSpan, deadline.Time);
        using CancellationTokenRegistration link = cancellationToken.Register(patience.Cancel);
        MirrorHead[] answers = await Task.WhenAll(mirrors.Select(async mirror =>
        {
            MirrorHead answer = Open(mirror.Name, keys, await mirror.FetchHeadAsync(deadline, patience.Token));
            if (answer.IsAcceptable) patience.CancelAfter(Grace);
            return answer;
        }));
        cancellationToken.ThrowIfCancellationRequested();
        return answers;
    }

    private static MirrorHead Open(string mirror, KeyRing keys, FetchedHead fetched)
    {
        if (!fetched.Succeeded) return new MirrorHead(mirror, fetched.Error, null, null, fetched.Detail);
        Head.TryOpen(fetched.Bytes, keys, out Head? head, out HeadRefusal? refusal);
        return new MirrorHead(mirror, SourceError.None, head, refusal);
    }
}
