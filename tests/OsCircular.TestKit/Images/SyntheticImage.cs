namespace OsCircular.TestKit.Images;

/// <summary>
/// Small disk images of known content: holes, noise, text, and blocks that occur twice, so that every way a block can be stored is met.
/// The same seed makes the same bytes.
/// </summary>
public static class SyntheticImage
{
    public const int BlockSize = 256 * 1024;

    /// <summary>Writes a sparse image of <paramref name="blocks"/> blocks of 256 KiB: a quarter each of holes, noise, text and repetitions.</summary>
    public static void Write(string path, int blocks, int seed)
    {
        var random = new Random(seed);
        using FileStream file = File.Create(path);
        file.SetLength((long)blocks * BlockSize);
        for (int block = 0; block < blocks; block++)
        {
            if (block % 4 == 0) continue;
            RandomAccess.Write(file.SafeFileHandle, Content(random, block % 4 == 1 ? 0 : block % 4 == 2 ? 1 : block % 8), (long)block * BlockSize);
        }
    }

    /// <summary>Gives the blocks at these positions new content.</summary>
    public static void Change(string path, int seed, params IEnumerable<int> blocks)
    {
        var random = new Random(seed);
        using FileStream file = File.OpenWrite(path);
        foreach (int block in blocks) RandomAccess.Write(file.SafeFileHandle, Content(random, 0), (long)block * BlockSize);
    }

    // 0: noise, which zstd cannot shrink; 1: text; other: one repeated byte, the same wherever the kind is the same.
    private static byte[] Content(Random random, int kind)
    {
        byte[] bytes = new byte[BlockSize];
        if (kind == 0) random.NextBytes(bytes);
        else if (kind == 1)
            for (int at = 0; at < bytes.Length; at++) bytes[at] = (byte)('a' + random.Next(16));
        else Array.Fill(bytes, (byte)kind);
        return bytes;
    }
}
