using System.Diagnostics.CodeAnalysis;
using OsCircular.Sources;

namespace OsCircular.Peers.Summaries;

/// <summary>
/// What one peer said that it holds: its last whole summary, and over it what changed since. A hint: it may own to what is not held, and is as old as the
/// last answer. Thread-safe; looking takes no lock.
/// </summary>
public sealed class PeerSummary
{
    /// <summary>No body is longer, in bytes; a longer one need not be read.</summary>
    public const int MaxBodyLength = SummaryHeader.MaxBodyLength;

    // A change takes 16 to 32 bytes here and a key of the whole about 2.2: past an eighth, the whole is asked for again.
    private const int LeastOverlay = 2048;
    private const int KeysPerChange = 8;

    private readonly Lock _gate = new();
    private volatile State? _state;

    /// <summary>What to ask <c>?since=</c>; null where all is to be asked for: at first, after a fault, and when much changed. What is here is used meanwhile.</summary>
    public string? Position => _state?.Position?.ToString();

    /// <summary>About how many names the peer holds.</summary>
    public int Names => _state?.Names ?? 0;

    /// <summary>About what this takes, in bytes: at most 25 MiB; 2 to 7 for each name, and 64 KiB for what changes.</summary>
    public long MemoryBytes => _state is { } state ? state.Set.MemoryBytes + state.Overlay.MemoryBytes : 0;

    /// <summary>Whether the peer may hold this; about once in 2000 times it does not.</summary>
    /// <param name="key">See <see cref="HeldKey"/>.</param>
    public bool MayHold(ulong key) => _state is { } state && (state.Overlay.Find(key) ?? state.Set.MayHold(key));

    /// <summary>Takes in the body of an answer to <see cref="Position"/>.</summary>
    /// <param name="body">From the network; nothing of it is believed but what the peer may say of itself.</param>
    /// <param name="changes">Where a delta was applied, its changes are appended, oldest first; a whole summary tells none.</param>
    /// <param name="fault">What is wrong, to be read after "the summary". Then what was here is still used, and all is to be asked for.</param>
    public bool TryApply(ReadOnlySpan<byte> body, List<HeldChange> changes, [NotNullWhen(false)] out string? fault)
    {
        lock (_gate)
        {
            State? next = null;
            if (SummaryHeader.TryRead(body, out SummaryHeader header, out fault))
                next = header.Kind == SummaryKind.Full ? Whole(header, body, out fault) : Changed(header, body, changes, out fault);
            _state = next ?? (_state is { } kept ? kept with { Position = null } : null);
            return fault is null;
        }
    }

    /// <summary>Forgets all.</summary>
    public void Clear()
    {
        lock (_gate) _state = null;
    }

    private static State? Whole(SummaryHeader header, ReadOnlySpan<byte> body, out string? fault) =>
        SummarySet.TryRead(body, out SummarySet? set, out fault) ? new State(set, SummaryOverlay.Empty(), set.Keys, header.Position) : null;

    private State? Changed(SummaryHeader header, ReadOnlySpan<byte> body, List<HeldChange> changes, out string? fault)
    {
        if (!SummaryDelta.TryRead(body, out long since, out HeldChange[]? read, out fault)) return null;
        fault = "is not for what is here";
        if (_state is not { Position: { } position } state) return null;
        if (header.Position.Epoch != position.Epoch || since != position.Sequence || header.Position.Sequence < since) return null;

        fault = "has keys that are of no hash";
        if (state.Overlay.WithRoom(read.Length) is not { } overlay) return null;
        int names = state.Names;
        foreach (HeldChange change in read)
        {
            bool held = change.Kind != HeldChangeKind.Removed;
            if (held != (overlay.Find(change.Key) ?? state.Set.MayHold(change.Key))) names += held ? 1 : -1;
            if (!overlay.TryNote(change.Key, held)) return null;
        }

        fault = null;
        changes.AddRange(read);
        bool full = overlay.Count > Math.Max(LeastOverlay, state.Set.Keys / KeysPerChange);
        return new State(state.Set, overlay, names, full ? null : header.Position);
    }

    // The overlay alone may still change, and only to what is newer.
    private sealed record State(SummarySet Set, SummaryOverlay Overlay, int Names, SummaryPosition? Position);
}
