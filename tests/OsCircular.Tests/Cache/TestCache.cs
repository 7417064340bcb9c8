using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using OsCircular.Blocks;
using OsCircular.Cache;
using OsCircular.Sources;

namespace OsCircular.Tests.Cache;

/// <summary>A real cache in a temporary folder, removed at the end.</summary>
internal sealed class TestCache : IAsyncDisposable
{
    public static readonly CacheOptions Roomy = new() { Quota = 256L * 1024 * 1024, FreeSpaceFloor = 0 };

    private TestCache(string path, BlockCache cache)
    {
        Path = path;
        Cache = cache;
    }

    public string Path { get; }
    public BlockCache Cache { get; private set; }
    public BlockStore Blocks => Cache.Blocks;

    public static async Task<TestCache> OpenAsync(CacheOptions? options = null, Func<BlockName, bool>? isPinned = null, TimeProvider? time = null)
    {
        string path = Directory.CreateTempSubdirectory("oscircular-cache-").FullName;
        return new TestCache(path, await OpenAsync(path, options, isPinned, time));
    }

    public static async Task<BlockCache> OpenAsync(string path, CacheOptions? options = null, Func<BlockName, bool>? isPinned = null, TimeProvider? time = null)
    {
        BlockCache cache = BlockCache.Open(path, options ?? Roomy, isPinned ?? (_ => false), time ?? TimeProvider.System, NullLogger.Instance);
        await cache.Loaded.WaitAsync(TimeSpan.FromSeconds(30));
        return cache;
    }

    /// <param name="options">Of the cache when it is opened again.</param>
    /// <param name="meanwhile">Done to its folder while it is closed.</param>
    public async Task ReopenAsync(CacheOptions? options = null, Action<string>? meanwhile = null)
    {
        await Cache.DisposeAsync();
        meanwhile?.Invoke(Path);
        Cache = await OpenAsync(Path, options);
    }

    /// <summary>Lets time pass for the cache's upkeep until it has come true.</summary>
    public static void Eventually(FakeTimeProvider time, Func<bool> condition) =>
        Assert.True(
            SpinWait.SpinUntil(
                () =>
                {
                    time.Advance(Roomy.WatchInterval);
                    return condition();
                },
                TimeSpan.FromSeconds(30)),
            "it did not come true in time");

    public string FileOf(BlockName name) => System.IO.Path.Combine(Path, RepositoryPaths.Block(name));

    public BlockName Store(byte[] blockFile)
    {
        Assert.True(TryStore(Blocks, blockFile), "the block was not stored");
        return BlockName.Of(blockFile);
    }

    public static bool TryStore(BlockStore blocks, byte[] blockFile)
    {
        CacheReservation? reservation = blocks.TryReserve(blockFile.Length);
        Assert.True(StoredBlock.TryVerify(BlockName.Of(blockFile), blockFile, out StoredBlock block));
        return reservation is not null && blocks.TryStore(block, reservation, SourceKind.Mirror);
    }

    public SourceError Read(byte[] blockFile) => Blocks.TryRead(BlockName.Of(blockFile), blockFile.Length, new byte[blockFile.Length], out _);

    public async ValueTask DisposeAsync()
    {
        await Cache.DisposeAsync();
        Directory.Delete(Path, recursive: true);
    }
}
