using System.Diagnostics;
using OsCircular.Blocks;

namespace OsCircular.Benchmarks.Limits;

/// <summary>
/// V of target T1: every block file below a folder opened, read, hashed and decoded, on all cores and with nothing else about it. One pass for each line of
/// standard input, answered with its seconds.
/// </summary>
internal static class VerifyLimit
{
    public static void Run(string folder)
    {
        string[] files = Directory.GetFiles(folder, "*", SearchOption.AllDirectories)
            .Where(file => BlockName.TryParse(Path.GetFileName(file), out _)).Order(StringComparer.Ordinal).ToArray();
        if (files.Length == 0) throw new UserError($"{folder}: there are no block files in it");
        Pass(files);
        Console.WriteLine("ready");
        while (Console.ReadLine() != null) Console.WriteLine(Pass(files).TotalSeconds);
    }

    private static TimeSpan Pass(string[] files)
    {
        int next = -1;
        long start = Stopwatch.GetTimestamp();
        var threads = new Thread[Environment.ProcessorCount];
        for (int i = 0; i < threads.Length; i++)
        {
            threads[i] = new Thread(Work);
            threads[i].Start();
        }

        foreach (Thread thread in threads) thread.Join();
        return Stopwatch.GetElapsedTime(start);

        void Work()
        {
            using var decoder = new BlockDecoder();
            byte[] stored = GC.AllocateUninitializedArray<byte>(StoredBlock.MaxLength, pinned: true);
            byte[] block = GC.AllocateUninitializedArray<byte>(BlockGeometry.DefaultBlockSize, pinned: true);
            for (int i; (i = Interlocked.Increment(ref next)) < files.Length;) Verify(files[i], stored, block, decoder);
        }
    }

    private static void Verify(string file, byte[] stored, byte[] block, BlockDecoder decoder)
    {
        int length;
        using (var handle = File.OpenHandle(file)) length = RandomAccess.Read(handle, stored, 0);
        ReadOnlySpan<byte> bytes = stored.AsSpan(0, length);
        if (!BlockName.TryParse(Path.GetFileName(file.AsSpan()), out BlockName name) || BlockName.Of(bytes) != name) throw new UserError($"{file}: the bytes are not those of its name");

        // No row says how it is encoded; a block of full length is stored raw exactly where its file is as long as a block.
        BlockEncoding encoding = length == block.Length ? BlockEncoding.Raw : BlockEncoding.Zstd;
        if (!decoder.TryDecode(encoding, bytes, block)) throw new UserError($"{file}: not a block file of 256 KiB");
    }
}
