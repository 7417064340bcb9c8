using OsCircular.Blocks;
using OsCircular.Sources;

namespace OsCircular.TestKit.Sources;

/// <summary>Made-up block files, and requests for them.</summary>
public static class TestBlocks
{
    /// <summary>Bytes that differ for each <paramref name="seed"/>, the same in every run.</summary>
    public static byte[] Make(int seed, int length = 4096)
    {
        byte[] bytes = new byte[length];
        new Random(seed).NextBytes(bytes);
        return bytes;
    }

    public static BlockRequest Request(
        BlockName name, int storedLength, FetchClass fetchClass = FetchClass.Reader, TimeProvider? time = null, TimeSpan? limit = null) =>
        new(name, storedLength, fetchClass, Deadline.In(limit ?? TimeSpan.FromSeconds(60), time ?? TimeProvider.System));

    public static BlockRequest Request(
        byte[] blockFile, FetchClass fetchClass = FetchClass.Reader, TimeProvider? time = null, TimeSpan? limit = null) =>
        Request(BlockName.Of(blockFile), blockFile.Length, fetchClass, time, limit);
}
