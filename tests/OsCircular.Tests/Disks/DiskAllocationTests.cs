using OsCircular.Blocks;
using OsCircular.Disks;
using OsCircular.Sources;
using OsCircular.TestKit.Disks;

namespace OsCircular.Tests.Disks;

/// <summary>Steady reading allocates nothing, on the reader's thread and on the workers'.</summary>
[Collection("Alone")]
public sealed class DiskAllocationTests
{
    private const int BlockSize = BlockGeometry.MinBlockSize;

    // Eighteen megabytes of blocks: more than the least memory holds, so reading round and round misses each time.
    private static readonly TestDisk Image = new(new BlockGeometry(18L << 20, BlockSize), zeros: 0.05);

    [Theory]
    [InlineData(4 << 20, true, 0)]
    [InlineData(18 << 20, true, 0)]
    [InlineData(18 << 20, true, 16)]
    [InlineData(18 << 20, false, 16)]
    public async Task Read_Steadily_AllocatesNothing(int span, bool inline, int ahead)
    {
        await using var service = new TestService(new DiskOptions { MemoryBytes = DiskOptions.MinMemoryBytes, ReadAheadBlocks = ahead });
        Disk disk = service.Open(Image, local: true, upstream: false);
        using var reader = new Reader();
        for (int round = 0; round < 3; round++) reader.ReadAll(disk, span, inline);

        // Whatever else runs in this process may allocate a little at any time: the least of the rounds is the reads' own.
        int reads = span / Reader.Step;
        long least = long.MaxValue;
        for (int round = 0; round < 40 && least >= reads * 8; round++)
        {
            long before = GC.GetTotalAllocatedBytes(precise: true);
            reader.ReadAll(disk, span, inline);
            least = Math.Min(least, GC.GetTotalAllocatedBytes(precise: true) - before);
        }

        Assert.True(least < reads * 8, $"{least} bytes for {reads} reads");
    }

    private sealed class Reader : IDiskReadCompletion, IDisposable
    {
        public const int Step = 128 * 1024;

        private readonly ManualResetEventSlim _done = new();
        private readonly DiskRead _read;

        public Reader() => _read = new DiskRead(this);

        public void ReadAll(Disk disk, int span, bool inline)
        {
            for (int at = 0; at < span; at += Step)
            {
                _done.Reset();
                _read.Prepare(at, Step, inline);
                disk.Read(_read);
                _done.Wait();
                if (_read.Error != SourceError.None) throw new InvalidOperationException($"{_read.Error} at {at}");
                _read.Release();
            }
        }

        public void OnCompleted(DiskRead read) => _done.Set();

        public void Dispose() => _done.Dispose();
    }
}

[CollectionDefinition("Alone", DisableParallelization = true)]
public sealed class Alone;
