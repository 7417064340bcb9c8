using Microsoft.Extensions.Time.Testing;
using OsCircular.Blocks;
using OsCircular.Cache;
using OsCircular.Sources;
using OsCircular.TestKit.Sources;

namespace OsCircular.Tests.Cache;

/// <summary>The cache's folder goes and comes back under a running agent.</summary>
public sealed class CacheGoneTests : IAsyncLifetime
{
    private static readonly byte[][] Held = [.. Enumerable.Range(1, 20).Select(i => TestBlocks.Make(i))];
    private readonly FakeTimeProvider _time = new();
    private TestCache _cache = null!;

    private string Aside => _cache.Path + ".aside";

    public async ValueTask InitializeAsync()
    {
        _cache = await TestCache.OpenAsync(time: _time);
        foreach (byte[] block in Held) _cache.Store(block);
        _cache.Blocks.MarkProven(BlockName.Of(Held[0]), Digest.Of(Held[0]));
    }

    public ValueTask DisposeAsync() => _cache.DisposeAsync();

    [Fact]
    public async Task Folder_Removed_IsMadeAnewAndKeepsBlocks()
    {
        Directory.Delete(_cache.Path, recursive: true);
        Assert.Equal(SourceError.Missing, _cache.Read(Held[0]));
        TestCache.Eventually(_time, () => _cache.Cache.Status is { State: CacheState.Ok, Catalog: CatalogState.Ready, Blocks: 0 } && Directory.Exists(Path.Combine(_cache.Path, "blocks")));
        TestCache.Eventually(_time, () => TestCache.TryStore(_cache.Blocks, Held[1]));
        Assert.Equal(SourceError.None, _cache.Read(Held[1]));
        Assert.Equal(SourceError.Missing, _cache.Read(Held[0]));
        Assert.False(_cache.Blocks.IsProven(BlockName.Of(Held[0]), Digest.Of(Held[0])));

        await _cache.ReopenAsync();
        Assert.Equal(1, _cache.Cache.Status.Blocks);
    }

    [Fact]
    public async Task Folder_ReplacedByAFile_IsGoneUntilItIsBackWithAllItHeld()
    {
        Directory.Move(_cache.Path, Aside);
        File.WriteAllBytes(_cache.Path, []);
        TestCache.Eventually(_time, () => _cache.Cache.Status.State == CacheState.Gone);
        Assert.Equal(SourceError.Unreachable, _cache.Read(Held[0]));
        Assert.Null(_cache.Blocks.TryReserve(1));
        using (CacheDirectory other = CacheDirectory.Open(Aside)) Assert.NotNull(other);

        File.Delete(_cache.Path);
        File.Delete(Path.Combine(Aside, RepositoryPaths.Block(BlockName.Of(Held[3]))));
        Directory.Move(Aside, _cache.Path);
        TestCache.Eventually(_time, () => _cache.Cache.Status is { State: CacheState.Ok, Catalog: CatalogState.Ready } && _cache.Cache.Status.Blocks == Held.Length - 1);
        Assert.Equal(SourceError.None, _cache.Read(Held[0]));
        TestCache.Eventually(_time, () => TestCache.TryStore(_cache.Blocks, Held[3]));
        await _cache.ReopenAsync();
        Assert.Equal(Held.Length, _cache.Cache.Status.Blocks);
    }

    [Fact]
    public void Folder_BackInUseByAnother_IsTakenUpWhenThatEnds()
    {
        Directory.Move(_cache.Path, Aside);
        File.WriteAllBytes(_cache.Path, []);
        TestCache.Eventually(_time, () => _cache.Cache.Status.State == CacheState.Gone);
        using (CacheDirectory.Open(Aside))
        {
            File.Delete(_cache.Path);
            Directory.Move(Aside, _cache.Path);
            for (int i = 0; i < 20; i++) _time.Advance(TestCache.Roomy.WatchInterval);
            Assert.Equal(CacheState.Gone, _cache.Cache.Status.State);
        }

        TestCache.Eventually(_time, () => _cache.Cache.Status is { State: CacheState.Ok, Blocks: 20 });
    }

    [Fact]
    public void Catalogue_DeletedWhileRunning_IsWrittenAgain()
    {
        string database = Path.Combine(_cache.Path, "agent", "catalog.db");
        TestCache.Eventually(_time, () => File.Exists(database));
        File.Delete(database);
        File.Delete(Path.Combine(_cache.Path, "agent", "catalog.state"));
        Assert.Equal(SourceError.None, _cache.Read(Held[0]));
        _cache.Store(TestBlocks.Make(99));
        TestCache.Eventually(_time, () => File.Exists(database));
        Assert.Equal(CacheState.Ok, _cache.Cache.Status.State);
        Assert.Equal(Held.Length + 1, _cache.Cache.Status.Blocks);
    }
}
