using System.Diagnostics.CodeAnalysis;
using OsCircular.Sources;

namespace OsCircular.Peers.Membership;

/// <summary>
/// Memory for summaries, bounded: where all of them together take too much, the largest is not kept any more. That peer is still a member, may be a home, and
/// is asked as one; only what it holds is not known. Thread-safe.
/// </summary>
internal sealed class SummaryRoom(MemberTable members, long limit, DuplicateCount duplicates)
{
    private readonly Lock _lock = new();

    public long Bytes => members.All.Sum(member => member.Summary.MemoryBytes);

    /// <summary>Takes in what a member answered.</summary>
    /// <param name="fault">What is wrong with it, to be read after "the summary".</param>
    public bool TryApply(Member member, ReadOnlySpan<byte> body, [NotNullWhen(false)] out string? fault)
    {
        var changes = new List<HeldChange>();
        if (!member.Summary.TryApply(body, changes, out fault)) return false;
        duplicates.Note(changes);
        lock (_lock)
        {
            while (Bytes > limit && members.All.MaxBy(other => other.Summary.MemoryBytes) is { } largest)
            {
                largest.KeepsSummary = false;
                largest.Summary.Clear();
            }
        }

        return true;
    }
}
