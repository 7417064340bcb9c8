using System.Buffers.Binary;
using System.Globalization;
using OsCircular.Blocks;

namespace OsCircular.Peers.Summaries;

/// <summary>Up to where a summary tells: written as 16 lower-case hex digits, a colon and a decimal number, as <c>?since=</c> carries it.</summary>
/// <param name="Epoch">Drawn by the teller when it starts: sequences of two epochs cannot be compared.</param>
/// <param name="Sequence">Changes it has counted, 0 or more.</param>
public readonly record struct SummaryPosition(ulong Epoch, long Sequence)
{
    private const int EpochLength = 2 * sizeof(ulong);

    public static bool TryParse(string? text, out SummaryPosition position)
    {
        position = default;
        Span<byte> epoch = stackalloc byte[sizeof(ulong)];
        if (text is null || text.Length <= EpochLength || text[EpochLength] != ':') return false;
        if (!LowerHex.TryParse(text.AsSpan(0, EpochLength), epoch)) return false;
        if (!long.TryParse(text.AsSpan(EpochLength + 1), NumberStyles.None, CultureInfo.InvariantCulture, out long sequence)) return false;
        position = new SummaryPosition(BinaryPrimitives.ReadUInt64BigEndian(epoch), sequence);
        return true;
    }

    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Epoch:x16}:{Sequence}");
}
