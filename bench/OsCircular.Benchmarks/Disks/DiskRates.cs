using System.Diagnostics;
using Microsoft.Extensions.Logging.Abstractions;
using OsCircular.Blocks;
using OsCircular.Cache;
using OsCircular.Disks;
using OsCircular.Sources;

namespace OsCircular.Benchmarks.Disks;

/// <summary>
/// The read path without FUSE, over real block files in a real cache: sequential rates against the bare pipeline (open, read, SHA-1, zstd on all cores), and latencies.
/// Rounds alternate, so that what else the machine does falls on all alike, and processor time is compared beside; medians are printed.
/// </summary>
internal static class DiskRates
{
    private const int Rounds = 5;
    private const int Step = DiskRead.MaxLength;

    public static async Task RunAsync(string folder, long size, int blockSize)
    {
        SampleDisk sample = SampleDisk.Make(folder, size, blockSize);
        await using BlockCache cache = BlockCache.Open(folder, new CacheOptions(), _ => false, TimeProvider.System, NullLogger.Instance);
        await cache.Loaded;
        var rows = new SortedDictionary<string, List<double>>(StringComparer.Ordinal);
        for (int round = 0; round < Rounds; round++)
        {
            TimeSpan cpu = Environment.CpuUsage.TotalTime;
            double limit = Limit(sample, folder);
            TimeSpan limitCpu = Environment.CpuUsage.TotalTime - cpu;
            Add(rows, "V, MB/s", limit);
            foreach ((int callers, int ahead, bool inline) in new[] { (1, 0, true), (2, 0, true), (4, 0, true), (1, 16, true), (2, 16, true), (4, 16, true), (4, 16, false), (2, 32, true) })
            {
                await using DiskService service = Open(cache, sample, ahead);
                Disk disk = service.Open(sample.Geometry, sample.Root);
                cpu = Environment.CpuUsage.TotalTime;
                double rate = Sequential(disk, callers, inline);
                Add(rows, $"sequential 1 MiB, {callers} callers, ahead {ahead:00}, inline {inline}: rate / V", rate / limit);
                Add(rows, $"sequential 1 MiB, {callers} callers, ahead {ahead:00}, inline {inline}: V's CPU / its CPU", limitCpu / (Environment.CpuUsage.TotalTime - cpu));
            }

            foreach (int ahead in new[] { 0, 16 })
            {
                await using DiskService service = Open(cache, sample, ahead);
                Disk disk = service.Open(sample.Geometry, sample.Root);
                double[] miss = Random(disk, 3000, sample.Geometry.DiskSize);
                Add(rows, $"random 4 KiB, ahead {ahead:00}: miss p50 us", miss[miss.Length / 2]);
                Add(rows, $"random 4 KiB, ahead {ahead:00}: miss p99 us", miss[miss.Length * 99 / 100]);
                Random(disk, 3000, 24 << 20);
                double[] hit = Random(disk, 100_000, 24 << 20);
                Add(rows, $"random 4 KiB, ahead {ahead:00}: hit p50 us", hit[hit.Length / 2]);
                Add(rows, $"random 4 KiB, ahead {ahead:00}: hit p99 us", hit[hit.Length * 99 / 100]);
                Add(rows, $"random 4 KiB, ahead {ahead:00}: hits of 4 threads, us each", ParallelHits(disk));
            }
        }

        foreach ((string row, List<double> values) in rows)
        {
            values.Sort();
            Console.WriteLine($"{row,-70} {values[values.Count / 2],10:0.00}   ({values[0]:0.00} to {values[^1]:0.00})");
        }
    }

    private static void Add(SortedDictionary<string, List<double>> rows, string row, double value)
    {
        if (!rows.TryGetValue(row, out List<double>? values)) rows.Add(row, values = []);
        values.Add(value);
    }

    private static DiskService Open(BlockCache cache, SampleDisk sample, int ahead) => new(
        new DiskOptions { ReadAheadBlocks = ahead }, cache.Blocks, new NoSource(), sample, TimeProvider.System, NullLogger<DiskService>.Instance);

    private static double Limit(SampleDisk sample, string folder)
    {
        int next = -1;
        string[] paths = [.. sample.Rows.Select(row => Path.Combine(folder, RepositoryPaths.Block(row.Name)))];
        long start = Stopwatch.GetTimestamp();
        InThreads(Environment.ProcessorCount, () =>
        {
            using var decoder = new BlockDecoder();
            byte[] stored = GC.AllocateUninitializedArray<byte>(StoredBlock.MaxLength, pinned: true);
            byte[] block = GC.AllocateUninitializedArray<byte>(sample.Geometry.BlockSize, pinned: true);
            for (int i; (i = Interlocked.Increment(ref next)) < paths.Length;)
            {
                int length;
                using (var file = File.OpenHandle(paths[i])) length = RandomAccess.Read(file, stored, 0);
                if (BlockName.Of(stored.AsSpan(0, length)) != sample.Rows[i].Name || !decoder.TryDecode(sample.Rows[i].Encoding, stored.AsSpan(0, length), block))
                    throw new InvalidOperationException($"{paths[i]} is damaged.");
            }
        });
        return sample.Geometry.DiskSize / Stopwatch.GetElapsedTime(start).TotalSeconds / 1e6;
    }

    private static double Sequential(Disk disk, int callers, bool inline)
    {
        long next = -Step;
        long start = Stopwatch.GetTimestamp();
        InThreads(callers, () =>
        {
            var caller = new Caller();
            for (long at; (at = Interlocked.Add(ref next, Step)) < disk.Geometry.DiskSize;) caller.Read(disk, at, Step, inline);
        });
        return disk.Geometry.DiskSize / Stopwatch.GetElapsedTime(start).TotalSeconds / 1e6;
    }

    private static double[] Random(Disk disk, int reads, long span)
    {
        var random = new Random(reads);
        var caller = new Caller();
        double[] times = new double[reads];
        for (int i = 0; i < reads; i++)
        {
            long at = random.NextInt64(span / 4096) * 4096;
            long start = Stopwatch.GetTimestamp();
            caller.Read(disk, at, 4096, inline: true);
            times[i] = Stopwatch.GetElapsedTime(start).TotalMicroseconds;
        }

        Array.Sort(times);
        return times;
    }

    private static double ParallelHits(Disk disk)
    {
        const int Each = 200_000;
        long start = Stopwatch.GetTimestamp();
        InThreads(4, () =>
        {
            var random = new Random(Environment.CurrentManagedThreadId);
            var caller = new Caller();
            for (int i = 0; i < Each; i++) caller.Read(disk, random.Next((24 << 20) / 4096) * 4096L, 4096, inline: true);
        });
        return Stopwatch.GetElapsedTime(start).TotalMicroseconds * Math.Min(4, Environment.ProcessorCount) / (4 * Each);
    }

    private static void InThreads(int count, Action work)
    {
        Thread[] threads = [.. Enumerable.Range(0, count).Select(_ => new Thread(() => work()))];
        foreach (Thread thread in threads) thread.Start();
        foreach (Thread thread in threads) thread.Join();
    }

    /// <summary>A reader that waits for each of its reads.</summary>
    private sealed class Caller : IDiskReadCompletion
    {
        private readonly SemaphoreSlim _done = new(0);
        private readonly DiskRead _read;
        private long _sum;

        public Caller() => _read = new DiskRead(this);

        public void Read(Disk disk, long offset, int length, bool inline)
        {
            _read.Prepare(offset, length, inline);
            disk.Read(_read);
            _done.Wait();
            if (_read.Error != SourceError.None) throw new InvalidOperationException($"{_read.Error} at {offset}");
            foreach (ReadOnlyMemory<byte> segment in _read.Segments) _sum += segment.Span[0];
            _read.Release();
        }

        public void OnCompleted(DiskRead read) => _done.Release();
    }

    private sealed class NoSource : IBlockSource
    {
        public ValueTask<Fetched> FetchAsync(BlockRequest request, Memory<byte> destination, CancellationToken cancellationToken) => ValueTask.FromResult<Fetched>(SourceError.Missing);

        public override string ToString() => "nothing";
    }
}
