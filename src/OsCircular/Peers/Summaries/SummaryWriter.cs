using System.Runtime.InteropServices;
using OsCircular.Sources;

namespace OsCircular.Peers.Summaries;

/// <summary>
/// Tells others what is held here: what changed since they last asked, or all. Thread-safe. The whole is built once for all who ask for it and told until it is
/// too old; it says how far it goes, and the asker's next question catches up.
/// </summary>
/// <param name="names">What is held.</param>
/// <param name="epoch">Drawn when the process starts.</param>
public sealed class SummaryWriter(IHeldNames names, ulong epoch)
{
    // So much costs nobody anything, however little the whole would be.
    private const int SmallAnswer = 4096;

    // The whole may be as old as 1/256 of its keys: telling those costs the asker 2 % more, while at 400 new blocks a second 100 000 keys are sorted, in 10 to
    // 30 ms, once in a second at most.
    private const int LeastStale = 64;
    private const int KeysPerStale = 256;

    private readonly Lock _building = new();
    private volatile Snapshot? _snapshot;

    /// <summary>The body to answer with.</summary>
    /// <param name="since">What the asker has, as its <see cref="PeerSummary.Position"/> says; all is told where it is null or not of here.</param>
    /// <returns>Shared with other askers: only to be read.</returns>
    public byte[] Answer(string? since)
    {
        bool known = SummaryPosition.TryParse(since, out SummaryPosition position) && position.Epoch == epoch;
        return (known ? Changes(position.Sequence) : null) ?? Whole();
    }

    // Null where not all is remembered, or the whole costs less. Whoever gets the whole instead gets on by it: it is newer than any position refused here.
    private byte[]? Changes(long since)
    {
        List<HeldChange> changes = [];
        long sequence = names.CopyChanges(since, changes);
        if (sequence < 0 || changes.Count > SummaryDelta.MaxChanges) return null;
        if (SummaryDelta.SizeOf(changes.Count) > Math.Max(SmallAnswer, _snapshot?.Body.Length ?? 0)) return null;
        return SummaryDelta.Write(since, new SummaryPosition(epoch, sequence), changes);
    }

    private byte[] Whole()
    {
        if (_snapshot is { } snapshot && IsFresh(snapshot)) return snapshot.Body;
        lock (_building)
        {
            if (_snapshot is { } built && IsFresh(built)) return built.Body;
            Snapshot next = Build(_snapshot?.Keys ?? 0);
            _snapshot = next;
            return next.Body;
        }
    }

    private bool IsFresh(Snapshot snapshot) =>
        names.Sequence - snapshot.Sequence <= Math.Max(LeastStale, snapshot.Keys / KeysPerStale) && names.CopyChanges(snapshot.Sequence, []) >= 0;

    private Snapshot Build(int expected)
    {
        List<ulong> copied = new(expected + expected / 8);
        long sequence = names.CopyKeys(copied);
        Span<ulong> keys = CollectionsMarshal.AsSpan(copied);
        keys.Sort();
        keys = keys[..DropRepeated(keys)];

        // More than fit: the rest is held, and not told.
        if (keys.Length > SummaryGeometry.MaxKeys) keys = keys[..SummaryGeometry.MaxKeys];
        return new Snapshot(SummarySet.Write(new SummaryPosition(epoch, sequence), keys), sequence, keys.Length);
    }

    private static int DropRepeated(Span<ulong> sorted)
    {
        int kept = 0;
        foreach (ulong key in sorted)
        {
            if (kept == 0 || sorted[kept - 1] != key) sorted[kept++] = key;
        }

        return kept;
    }

    private sealed record Snapshot(byte[] Body, long Sequence, int Keys);
}
