using Microsoft.Extensions.Logging.Abstractions;
using OsCircular.Blocks;
using OsCircular.Cache;
using OsCircular.Indexes;
using OsCircular.Library.Healing;
using OsCircular.Sources;
using OsCircular.TestKit.Disks;
using OsCircular.TestKit.Peers;
using OsCircular.TestKit.Sources;
using OsCircular.Tests.Cache;
using OsCircular.Tests.Indexes;

namespace OsCircular.Tests.Library.Healing;

/// <summary>A healer over a real cache and a mirror in memory.</summary>
public sealed class HealerTests : IAsyncLifetime
{
    private const int BlockSize = BlockGeometry.MinBlockSize;

    private readonly TestDisk _disk = new(new BlockGeometry(600L * BlockSize, BlockSize));
    private readonly FakeBlockSource _mirror = new();
    private readonly FakeDocumentSource _documents = new();
    private readonly WatchedTime _time = new();
    private readonly long _lastStored;
    private TestCache _cache = null!;
    private Healer _healer = null!;
    private CachedBlockSource _blocks = null!;
    private CachedDocumentSource _pages = null!;

    public HealerTests() => _lastStored = Enumerable.Range(0, 600).Last(block => _disk.Row(block).StoredLength > 0);

    public async ValueTask InitializeAsync()
    {
        _cache = await TestCache.OpenAsync();
        _disk.AddTo(_mirror).AddTo(_documents);
        _blocks = new CachedBlockSource(_cache.Blocks, new KeepingSource(_cache.Blocks, new FaultySource(_mirror, (_, _) => Failure), SourceKind.Mirror));
        _pages = new CachedDocumentSource(_cache.Cache.Documents, _documents);
        ManifestVersion version = new(VersionName.Parse("1"), _disk.Root, _disk.Geometry, 4096, Samples.Time);
        _healer = new Healer(_cache.Cache, _blocks, _pages, () => Samples.Manifest(Samples.Image("debian", version)), _time, NullLogger<Healer>.Instance);
        foreach (byte[] page in _disk.Pages) Assert.True((await FetchAsync(page)).Succeeded);
    }

    public async ValueTask DisposeAsync()
    {
        await _healer.DisposeAsync();
        await _cache.DisposeAsync();
    }

    private SourceError Failure { get; set; }

    [Fact]
    public async Task Heal_DamagedBlocksWhateverTheirLengthNow_AreFetchedAgainBehindReaders()
    {
        byte[][] blocks = [.. _disk.BlockFiles.Values.Take(3)];
        foreach (byte[] block in blocks) _cache.Store(block);
        File.WriteAllBytes(_cache.FileOf(BlockName.Of(blocks[0])), []);
        File.WriteAllBytes(_cache.FileOf(BlockName.Of(blocks[1])), blocks[2]);
        Assert.False(_cache.Blocks.Check(BlockName.Of(blocks[0])));
        Assert.False(_cache.Blocks.Check(BlockName.Of(blocks[1])));

        Assert.Equal(0, await _healer.HealAsync(default));

        foreach (byte[] block in blocks) Assert.Equal(block, File.ReadAllBytes(_cache.FileOf(BlockName.Of(block))));
        Assert.Equal(2, _cache.Cache.Counters[CacheCounter.Healed]);
        Assert.All(_mirror.Requests, request => Assert.Equal(FetchClass.Fill, request.Class));
    }

    [Fact]
    public async Task Heal_DamagedPage_IsFetchedFirstSoThatItsBlocksAreFound()
    {
        byte[] block = _disk.BlockFiles.Values.First();
        _cache.Store(block);
        foreach (byte[] page in _disk.Pages) File.WriteAllBytes(PathOf(page), page[1..]);
        File.WriteAllBytes(_cache.FileOf(BlockName.Of(block)), block[1..]);
        Assert.False(_cache.Blocks.Check(BlockName.Of(block)));
        foreach (byte[] page in _disk.Pages) Assert.Equal(SourceError.Invalid, _cache.Cache.Documents.TryRead(NameOf(page)).Error);

        Assert.Equal(0, await _healer.HealAsync(default));
        Assert.Equal(1 + _disk.Pages.Count, _cache.Cache.Counters[CacheCounter.Healed]);
    }

    [Fact]
    public async Task Heal_PageThatIsDamagedWhereNobodyLookedYet_HidesNoBlock()
    {
        byte[][] blocks = [_disk.BlockFiles[_disk.Row(_lastStored).Name], _disk.BlockFiles.Values.First()];
        foreach (byte[] block in blocks)
        {
            _cache.Store(block);
            File.WriteAllBytes(_cache.FileOf(BlockName.Of(block)), block[1..]);
            Assert.False(_cache.Blocks.Check(BlockName.Of(block)));
        }

        foreach (byte[] page in _disk.Pages) File.WriteAllBytes(PathOf(page), page[1..]);

        Assert.Equal(0, await _healer.HealAsync(default));
        foreach (byte[] block in blocks) Assert.Equal(block, File.ReadAllBytes(_cache.FileOf(BlockName.Of(block))));
    }

    [Fact]
    public async Task Heal_BlockThatNoVersionNeeds_IsGivenUp()
    {
        byte[] other = TestBlocks.Make(77, 5000);
        _cache.Store(other);
        File.WriteAllBytes(_cache.FileOf(BlockName.Of(other)), other[1..]);
        Assert.False(_cache.Blocks.Check(BlockName.Of(other)));
        Assert.Equal(0, await _healer.HealAsync(default));
        Assert.Equal(0, _mirror.Calls);
    }

    [Fact]
    public async Task Healer_NoSourceUsable_TriesAgainLaterAndLater()
    {
        byte[] block = _disk.BlockFiles.Values.First();
        _cache.Store(block);
        File.WriteAllBytes(_cache.FileOf(BlockName.Of(block)), block[1..]);
        Assert.False(_cache.Blocks.Check(BlockName.Of(block)));
        Failure = SourceError.Unreachable;

        await _time.WaitForTimerAsync(Healer.Interval, Healer.Interval);
        _time.Advance(Healer.Interval);
        await _time.WaitForTimerAsync(2 * Healer.Interval, 2 * Healer.Interval);
        Assert.Equal([BlockName.Of(block)], _cache.Cache.DamagedBlocks);

        Failure = SourceError.None;
        _time.Advance(2 * Healer.Interval);
        await _time.WaitForTimerAsync(Healer.Interval, Healer.Interval);
        Assert.Empty(_cache.Cache.DamagedBlocks);
        Assert.Equal(block, File.ReadAllBytes(_cache.FileOf(BlockName.Of(block))));
    }

    private static DocumentName NameOf(byte[] page) => new(DocumentKind.IndexPage, Digest.Of(page));

    private string PathOf(byte[] page) => Path.Combine(_cache.Path, NameOf(page).Path);

    private ValueTask<FetchedDocument> FetchAsync(byte[] page) => _pages.FetchAsync(NameOf(page), Deadline.In(TimeSpan.FromSeconds(30), _time), default);
}
