using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;

namespace OsCircular.Peers.Summaries;

/// <summary>
/// A set of keys in two bytes and a bit for each, that never denies a key it was made of, and seldom owns to another. Format in Formats.md: the number of keys
/// (u32 LE), where each bucket ends (u32 LE), the fingerprints (u16 LE). Immutable.
/// </summary>
internal sealed class SummarySet
{
    private const int EndsAt = SummaryHeader.Size + sizeof(uint);

    private readonly SummaryGeometry _geometry;
    private readonly int[] _starts;
    private readonly ushort[] _fingerprints;

    private SummarySet(SummaryGeometry geometry, int[] starts, ushort[] fingerprints)
    {
        _geometry = geometry;
        _starts = starts;
        _fingerprints = fingerprints;
    }

    public int Keys => _fingerprints.Length;

    public long MemoryBytes => (long)_starts.Length * sizeof(int) + (long)_fingerprints.Length * sizeof(ushort);

    /// <summary>True for each of its keys; for any other, once in 2000 times or less.</summary>
    public bool MayHold(ulong key)
    {
        int bucket = _geometry.BucketOf(key);
        return _fingerprints.AsSpan(_starts[bucket].._starts[bucket + 1]).Contains(_geometry.FingerprintOf(key));
    }

    /// <summary>Writes a body.</summary>
    /// <param name="position">Up to where the keys tell.</param>
    /// <param name="keys">Ascending, at most <see cref="SummaryGeometry.MaxKeys"/>.</param>
    public static byte[] Write(SummaryPosition position, ReadOnlySpan<ulong> keys)
    {
        SummaryGeometry geometry = new(keys.Length);
        byte[] body = new byte[SizeOf(geometry, keys.Length)];
        new SummaryHeader(SummaryKind.Full, position).Write(body);
        BinaryPrimitives.WriteInt32LittleEndian(body.AsSpan(SummaryHeader.Size), keys.Length);
        Span<byte> ends = body.AsSpan(EndsAt);
        Span<byte> fingerprints = body.AsSpan(FingerprintsAt(geometry));
        int written = 0;
        for (int bucket = 0; bucket < geometry.Buckets; bucket++)
        {
            for (; written < keys.Length && geometry.BucketOf(keys[written]) == bucket; written++)
                BinaryPrimitives.WriteUInt16LittleEndian(fingerprints[(written * sizeof(ushort))..], geometry.FingerprintOf(keys[written]));
            BinaryPrimitives.WriteInt32LittleEndian(ends[(bucket * sizeof(int))..], written);
        }

        return body;
    }

    /// <summary>Reads what <see cref="Write"/> wrote; the header was read already.</summary>
    public static bool TryRead(ReadOnlySpan<byte> body, [NotNullWhen(true)] out SummarySet? set, [NotNullWhen(false)] out string? fault)
    {
        set = null;
        fault = "is not as long as its keys";
        if (body.Length < EndsAt) return false;
        uint keys = BinaryPrimitives.ReadUInt32LittleEndian(body[SummaryHeader.Size..]);
        if (keys > SummaryGeometry.MaxKeys) return false;
        SummaryGeometry geometry = new((int)keys);
        if (body.Length != SizeOf(geometry, (int)keys)) return false;

        fault = "has keys that are out of order or miscounted";
        if (!TryReadStarts(body[EndsAt..], geometry.Buckets, (int)keys, out int[] starts)) return false;
        if (!TryReadFingerprints(body[FingerprintsAt(geometry)..], starts, out ushort[] fingerprints)) return false;
        set = new SummarySet(geometry, starts, fingerprints);
        fault = null;
        return true;
    }

    private static bool TryReadStarts(ReadOnlySpan<byte> ends, int buckets, int keys, out int[] starts)
    {
        starts = new int[buckets + 1];
        for (int bucket = 0; bucket < buckets; bucket++)
        {
            starts[bucket + 1] = BinaryPrimitives.ReadInt32LittleEndian(ends[(bucket * sizeof(int))..]);
            if (starts[bucket + 1] < starts[bucket]) return false;
        }

        return starts[buckets] == keys;
    }

    private static bool TryReadFingerprints(ReadOnlySpan<byte> bytes, int[] starts, out ushort[] fingerprints)
    {
        fingerprints = new ushort[starts[^1]];
        for (int bucket = 0; bucket < starts.Length - 1; bucket++)
        {
            ushort last = 0;
            for (int i = starts[bucket]; i < starts[bucket + 1]; i++)
            {
                ushort next = BinaryPrimitives.ReadUInt16LittleEndian(bytes[(i * sizeof(ushort))..]);
                if (next < last) return false;
                fingerprints[i] = last = next;
            }
        }

        return true;
    }

    private static int FingerprintsAt(SummaryGeometry geometry) => EndsAt + geometry.Buckets * sizeof(int);

    private static int SizeOf(SummaryGeometry geometry, int keys) => FingerprintsAt(geometry) + keys * sizeof(ushort);
}
