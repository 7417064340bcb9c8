using BenchmarkDotNet.Attributes;
using Microsoft.Extensions.Logging.Abstractions;
using OsCircular.Blocks;
using OsCircular.Cache;
using OsCircular.TestKit;

namespace OsCircular.Benchmarks.HotPaths;

/// <summary>A block file out of the cache: opened, read, its SHA-1 checked. Its bytes are in the kernel's page cache.</summary>
public class CacheBenchmarks
{
    private readonly SampleBlock _sample = new();
    private readonly byte[] _buffer = GC.AllocateUninitializedArray<byte>(StoredBlock.MaxLength, pinned: true);
    private TempDirectory _folder = null!;
    private BlockCache _cache = null!;

    [GlobalSetup]
    public void Open()
    {
        _folder = new TempDirectory();
        _cache = BlockCache.Open(_folder.Path, new CacheOptions { FreeSpaceFloor = 0 }, _ => false, TimeProvider.System, NullLogger.Instance);
        _cache.Loaded.Wait();
        StoredBlock.TryVerify(_sample.Row.Name, _sample.File, out StoredBlock block);
        if (_cache.Blocks.TryReserve(_sample.File.Length) is not { } room || !_cache.Blocks.TryStore(block, room, Cache.SourceKind.Mirror))
            throw new InvalidOperationException("The sample was not stored.");
    }

    [GlobalCleanup]
    public void Close()
    {
        _cache.DisposeAsync().AsTask().Wait();
        _folder.Dispose();
    }

    [Benchmark]
    public Sources.SourceError TryRead() => _cache.Blocks.TryRead(_sample.Row.Name, _sample.Row.StoredLength, _buffer, out _);

    [Benchmark]
    public bool IsProven() => _cache.Blocks.IsProven(_sample.Row.Name, _sample.Row.Content);
}
