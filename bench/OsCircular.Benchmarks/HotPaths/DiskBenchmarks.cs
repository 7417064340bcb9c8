using BenchmarkDotNet.Attributes;
using OsCircular.Blocks;
using OsCircular.Disks;
using OsCircular.TestKit.Disks;

namespace OsCircular.Benchmarks.HotPaths;

/// <summary>A read of the disk on the calling thread, as a kernel reader thread makes it; block files lie in memory, and there is no read-ahead.</summary>
public class DiskBenchmarks : IDiskReadCompletion
{
    private static readonly BlockGeometry Geometry = new(64L << 20, BlockGeometry.DefaultBlockSize);

    private readonly DiskRead _read;
    private TestService _service = null!;
    private Disk _disk = null!;
    private bool _done;
    private long _block;

    public DiskBenchmarks() => _read = new DiskRead(this);

    [GlobalSetup]
    public void Open()
    {
        _service = new TestService(new DiskOptions { ReadAheadBlocks = 0, MemoryBytes = DiskOptions.MinMemoryBytes });
        _disk = _service.Open(new TestDisk(Geometry, zeros: 0), local: true, upstream: false);

        // Index pages come from a task; once they are here, every read is done before it returns.
        for (int i = 0; i < 1000 && !Read(0, 4096); i++) Thread.Sleep(10);
    }

    [GlobalCleanup]
    public void Close() => _service.DisposeAsync().AsTask().Wait();

    [Benchmark]
    public bool Hit4KiB() => Read(65536, 4096);

    [Benchmark]
    public bool Hit128KiB() => Read(65536, 131072);

    /// <summary>Four times as many blocks as there is memory for, in order.</summary>
    [Benchmark]
    public bool Miss()
    {
        _block = (_block + 1) % Geometry.BlockCount;
        return Read(Geometry.OffsetOf(_block), 4096);
    }

    private bool Read(long offset, int length)
    {
        Volatile.Write(ref _done, false);
        _read.Prepare(offset, length, inlineAllowed: true);
        _disk.Read(_read);
        while (!Volatile.Read(ref _done)) Thread.SpinWait(20);
        bool good = _read.Error == Sources.SourceError.None;
        _read.Release();
        return good;
    }

    void IDiskReadCompletion.OnCompleted(DiskRead read) => Volatile.Write(ref _done, true);
}
