using System.Diagnostics.CodeAnalysis;
using OsCircular.Peers.Summaries;
using OsCircular.Sources;

namespace OsCircular.Peers.Membership;

/// <summary>
/// Memory for summaries, bounded: where all of them together take too much, the largest is not kept any more. That peer is still a member, may be a home, and
/// is asked as one; only what it holds is not known. Long ones are read few at a time. Thread-safe.
/// </summary>
internal sealed class SummaryRoom(MemberTable members, long limit, DuplicateCount duplicates, TimeProvider time) : IDisposable
{
    /// <summary>Long summaries being read at one time, each up to <see cref="PeerSummary.MaxBodyLength"/>.</summary>
    public const int MaxReading = 4;

    /// <summary>How long a member's turn is waited for; later it is asked whether it is there at all.</summary>
    public static readonly TimeSpan MaxWait = TimeSpan.FromSeconds(2);

    private readonly Lock _lock = new();
    private readonly SemaphoreSlim _turns = new(MaxReading);

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

    /// <summary>Waits for leave to read a long summary; where it is given, <see cref="Leave"/> gives it back.</summary>
    public async ValueTask<bool> TryEnterAsync(CancellationToken cancellationToken)
    {
        using var patience = new CancellationTokenSource(MaxWait, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, cancellationToken);
        try
        {
            await _turns.WaitAsync(either.Token).ConfigureAwait(false);
            return true;
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return false;
        }
    }

    public void Leave() => _turns.Release();

    /// <summary>To be called when nobody reads any more.</summary>
    public void Dispose() => _turns.Dispose();
}
