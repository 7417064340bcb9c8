using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Runtime.InteropServices;
using OsCircular.Sources;

namespace OsCircular.Peers.Summaries;

/// <summary>
/// What changed between two sequences, nine bytes a change. Format in Formats.md: the sequence before (u64 LE), the number of changes (u32 LE), then for each its
/// key (u64 LE) and kind (u8). Keys are whole, so that applying one twice, or one that was in the set already, does no harm.
/// </summary>
internal static class SummaryDelta
{
    /// <summary>More changes than this are refused: nobody remembers so many.</summary>
    public const int MaxChanges = 65_536;

    private const int CountAt = SummaryHeader.Size + sizeof(long);
    private const int ChangesAt = CountAt + sizeof(uint);
    private const int ChangeSize = sizeof(ulong) + 1;

    public static int SizeOf(int changes) => ChangesAt + changes * ChangeSize;

    /// <summary>Writes a body.</summary>
    /// <param name="since">The sequence before the first change.</param>
    /// <param name="position">After the last change.</param>
    /// <param name="changes">Oldest first; at most <see cref="MaxChanges"/>.</param>
    public static byte[] Write(long since, SummaryPosition position, List<HeldChange> changes)
    {
        byte[] body = new byte[SizeOf(changes.Count)];
        new SummaryHeader(SummaryKind.Delta, position).Write(body);
        BinaryPrimitives.WriteInt64LittleEndian(body.AsSpan(SummaryHeader.Size), since);
        BinaryPrimitives.WriteInt32LittleEndian(body.AsSpan(CountAt), changes.Count);
        Span<byte> to = body.AsSpan(ChangesAt);
        foreach (HeldChange change in CollectionsMarshal.AsSpan(changes))
        {
            BinaryPrimitives.WriteUInt64LittleEndian(to, change.Key);
            to[sizeof(ulong)] = (byte)change.Kind;
            to = to[ChangeSize..];
        }

        return body;
    }

    /// <summary>Reads what <see cref="Write"/> wrote; the header was read already.</summary>
    public static bool TryRead(ReadOnlySpan<byte> body, out long since, [NotNullWhen(true)] out HeldChange[]? changes, [NotNullWhen(false)] out string? fault)
    {
        since = -1;
        changes = null;
        fault = "is not as long as its changes";
        if (body.Length < ChangesAt) return false;
        uint count = BinaryPrimitives.ReadUInt32LittleEndian(body[CountAt..]);
        if (count > MaxChanges || body.Length != SizeOf((int)count)) return false;
        since = SummaryHeader.SequenceAt(body, SummaryHeader.Size);
        HeldChange[] read = new HeldChange[count];
        for (int i = 0; i < read.Length; i++)
        {
            ReadOnlySpan<byte> from = body.Slice(SizeOf(i), ChangeSize);
            read[i] = new HeldChange(BinaryPrimitives.ReadUInt64LittleEndian(from), (HeldChangeKind)from[sizeof(ulong)]);
            if (read[i].Kind <= HeldChangeKind.Removed) continue;
            fault = "has a change of no known kind";
            return false;
        }

        changes = read;
        fault = null;
        return true;
    }
}
