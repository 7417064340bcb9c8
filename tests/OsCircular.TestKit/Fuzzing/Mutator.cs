namespace OsCircular.TestKit.Fuzzing;

/// <summary>Makes new inputs of old ones: changed, cut, doubled, spliced with another. The same for the same seed.</summary>
public sealed class Mutator(Random random, IReadOnlyList<byte[]> corpus)
{
    /// <summary>No input grows beyond this, in bytes.</summary>
    public const int MaxLength = 70_000;

    private const int MostChanges = 6;

    // Where length fields, counters and signs go wrong.
    private static readonly ulong[] Edges = [0, 1, 0x7f, 0x80, 0xff, 0x7fff, 0x8000, 0xffff, 0x7fff_ffff, 0x8000_0000, 0xffff_ffff, long.MaxValue, 1UL << 63, ulong.MaxValue];

    // What readers of text trip over.
    private static readonly string[] Words =
        ["\0", "\r\n", "\n\n", " ", ":", "=", "-", "+1", "-1", "00", "1e9", "null", "{}", "[[[[[[[[[[[[", "\"", "\\ud800", "\\u0000", "\ufeff", "..", "/", "%2e", "%00", "é", "\ud83d\ude00", "99999999999999999999", "i-0e", "d1:", "le", "0:"];

    /// <summary>The next input: one of the corpus with a few changes, now and then none.</summary>
    public byte[] Next()
    {
        List<byte> bytes = [.. corpus[random.Next(corpus.Count)]];
        int changes = random.Next(MostChanges + 1);
        for (int i = 0; i < changes; i++) Change(bytes);
        if (bytes.Count > MaxLength) bytes.RemoveRange(MaxLength, bytes.Count - MaxLength);
        return [.. bytes];
    }

    private void Change(List<byte> bytes)
    {
        int at = random.Next(bytes.Count + 1);
        switch (random.Next(10))
        {
            case 0 when at < bytes.Count: bytes[at] ^= (byte)(1 << random.Next(8)); break;
            case 1 when at < bytes.Count: bytes[at] = (byte)random.Next(256); break;
            case 2: bytes.RemoveRange(at, bytes.Count - at); break;
            case 3: bytes.RemoveRange(at, Math.Min(random.Next(1, 40), bytes.Count - at)); break;
            case 4: bytes.InsertRange(at, bytes.Slice(at, Math.Min(random.Next(1, 200), bytes.Count - at))); break;
            case 5: bytes.InsertRange(at, System.Text.Encoding.UTF8.GetBytes(Words[random.Next(Words.Length)])); break;
            case 6: WriteEdge(bytes, at); break;
            case 7: Splice(bytes, at); break;
            case 8: bytes.Insert(at, (byte)random.Next(256)); break;
            default: Digits(bytes, at); break;
        }
    }

    private void WriteEdge(List<byte> bytes, int at)
    {
        ulong edge = Edges[random.Next(Edges.Length)];
        int width = 1 << random.Next(4);
        for (int i = 0; i < width && at + i < bytes.Count; i++) bytes[at + i] = (byte)(edge >> (8 * i));
    }

    private void Splice(List<byte> bytes, int at)
    {
        byte[] other = corpus[random.Next(corpus.Count)];
        int from = random.Next(other.Length + 1);
        bytes.RemoveRange(at, bytes.Count - at);
        bytes.AddRange(other[from..]);
    }

    // Another number where there is one.
    private void Digits(List<byte> bytes, int at)
    {
        for (; at < bytes.Count && char.IsAsciiHexDigit((char)bytes[at]); at++) bytes[at] = (byte)"0123456789abcdef"[random.Next(16)];
    }
}
