using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;

namespace OsCircular.Peers.Summaries;

/// <summary>What a summary's body is; the numbers are on the wire.</summary>
internal enum SummaryKind : byte
{
    /// <summary>All keys: <see cref="SummarySet"/>.</summary>
    Full = 1,

    /// <summary>What changed since a position: <see cref="SummaryDelta"/>.</summary>
    Delta = 2,
}

/// <summary>How every body begins. Format in Formats.md: "OCSM", version, kind, epoch (u64 LE), sequence (u64 LE).</summary>
/// <param name="Kind">What follows.</param>
/// <param name="Position">Up to where it tells.</param>
internal readonly record struct SummaryHeader(SummaryKind Kind, SummaryPosition Position)
{
    public const byte Version = 1;
    public const int Size = 22;

    /// <summary>No body is longer, in bytes; a longer one is refused before it is read.</summary>
    public const int MaxBodyLength = 8 * 1024 * 1024;

    private static ReadOnlySpan<byte> Magic => "OCSM"u8;

    /// <param name="body">At least <see cref="Size"/> bytes.</param>
    public void Write(Span<byte> body)
    {
        Magic.CopyTo(body);
        body[4] = Version;
        body[5] = (byte)Kind;
        BinaryPrimitives.WriteUInt64LittleEndian(body[6..], Position.Epoch);
        BinaryPrimitives.WriteInt64LittleEndian(body[14..], Position.Sequence);
    }

    public static bool TryRead(ReadOnlySpan<byte> body, out SummaryHeader header, [NotNullWhen(false)] out string? fault)
    {
        header = default;
        fault = Fault(body);
        if (fault is null) header = new SummaryHeader((SummaryKind)body[5], new SummaryPosition(BinaryPrimitives.ReadUInt64LittleEndian(body[6..]), SequenceAt(body, 14)));
        return fault is null;
    }

    /// <returns>Negative where it is none.</returns>
    public static long SequenceAt(ReadOnlySpan<byte> body, int at) => BinaryPrimitives.ReadInt64LittleEndian(body[at..]);

    private static string? Fault(ReadOnlySpan<byte> body)
    {
        if (body.Length > MaxBodyLength) return $"is {body.Length} bytes long, more than {MaxBodyLength}";
        if (!body.StartsWith(Magic)) return "is no summary";
        if (body.Length > 4 && body[4] > Version) return $"is of format {body[4]}, newer than this program's {Version}: install a newer oscircular";
        if (body.Length < Size) return "is cut short";
        if (body[4] != Version || !Enum.IsDefined((SummaryKind)body[5]) || SequenceAt(body, 14) < 0) return "has no summary's header";
        return null;
    }
}
