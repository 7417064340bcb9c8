using OsCircular.Blocks;
using OsCircular.Cache;
using OsCircular.Cache.Eviction;
using OsCircular.Sources;
using OsCircular.TestKit.Sources;

namespace OsCircular.Tests.Cache;

/// <summary>The names of a real cache, as its files come and go.</summary>
public sealed class HeldNamesTests : IAsyncLifetime
{
    private static readonly byte[] Block = TestBlocks.Make(1, 3000);
    private static readonly byte[] Other = TestBlocks.Make(2, 3000);

    private TestCache _cache = null!;

    private IHeldNames Names => _cache.Cache.Names;

    public async ValueTask InitializeAsync() => _cache = await TestCache.OpenAsync();

    public ValueTask DisposeAsync() => _cache.DisposeAsync();

    [Fact]
    public void Store_ABlock_IsHeldAndAddedFromAMirror()
    {
        long before = Names.Sequence;
        ulong key = HeldKey.Of(_cache.Store(Block));
        Assert.Equal([key], Keys());
        Assert.Equal([new(key, HeldChangeKind.AddedFromMirror)], Changes(before));
    }

    [Theory]
    [InlineData(SourceKind.Peer)]
    [InlineData(SourceKind.Import)]
    public void Store_ABlockOfAnotherSource_IsAdded(SourceKind from)
    {
        long before = Names.Sequence;
        Assert.True(StoredBlock.TryVerify(BlockName.Of(Block), Block, out StoredBlock block));
        Assert.True(_cache.Blocks.TryStore(block, _cache.Blocks.TryReserve(Block.Length)!, from));
        Assert.Equal([new(HeldKey.Of(block.Name), HeldChangeKind.Added)], Changes(before));
    }

    [Fact]
    public void Store_AHeldBlockAgain_IsNeverRemovedMeanwhile()
    {
        _cache.Store(Block);
        long before = Names.Sequence;
        ulong key = HeldKey.Of(_cache.Store(Block));
        Assert.Equal([key], Keys());
        Assert.Equal([new(key, HeldChangeKind.AddedFromMirror)], Changes(before));
    }

    [Fact]
    public void Read_ADamagedBlock_IsRemoved()
    {
        BlockName name = _cache.Store(Block);
        long before = Names.Sequence;
        File.WriteAllBytes(_cache.FileOf(name), new byte[Block.Length]);
        Assert.Equal(SourceError.Invalid, _cache.Read(Block));
        Assert.Empty(Keys());
        Assert.Equal([new(HeldKey.Of(name), HeldChangeKind.Removed)], Changes(before));
    }

    [Fact]
    public void Read_ABlockTakenAwayByHand_IsRemoved()
    {
        BlockName name = _cache.Store(Block);
        long before = Names.Sequence;
        File.Delete(_cache.FileOf(name));
        Assert.Equal(SourceError.Missing, _cache.Read(Block));
        Assert.Equal([new(HeldKey.Of(name), HeldChangeKind.Removed)], Changes(before));
    }

    [Fact]
    public void Read_ABlockPutThereByHand_IsAdded()
    {
        BlockName name = BlockName.Of(Block);
        long before = Names.Sequence;
        Directory.CreateDirectory(Path.GetDirectoryName(_cache.FileOf(name))!);
        File.WriteAllBytes(_cache.FileOf(name), Block);
        Assert.Equal(SourceError.None, _cache.Read(Block));
        Assert.Equal([HeldKey.Of(name)], Keys());
        Assert.Equal([new(HeldKey.Of(name), HeldChangeKind.Added)], Changes(before));
    }

    [Fact]
    public async Task Evict_ABlock_IsRemoved()
    {
        await _cache.ReopenAsync(TestCache.Roomy with { Quota = 5 * 3000 });
        long before = Names.Sequence;
        BlockName[] stored = [.. Enumerable.Range(10, 20).Select(seed => _cache.Store(TestBlocks.Make(seed, 3000)))];
        ulong[] held = [.. stored.Where(name => File.Exists(_cache.FileOf(name))).Select(HeldKey.Of).Order()];
        Assert.InRange(held.Length, 1, 5);
        Assert.Equal(held, Keys());
        Assert.Equal(held, Replayed(Changes(before)));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Reopen_WithOrWithoutItsCatalogue_HoldsTheSame(bool catalogue)
    {
        ulong[] keys = [HeldKey.Of(_cache.Store(Block)), HeldKey.Of(_cache.Store(Other))];
        await _cache.Cache.DisposeAsync();
        if (!catalogue) File.Delete(Path.Combine(_cache.Path, "agent", "catalog.db"));
        await _cache.ReopenAsync();
        Assert.Equal(keys.Order(), Keys());
        Assert.Equal(-1, Names.CopyChanges(0, []));
    }

    [Theory]
    [InlineData(DocumentKind.Manifest)]
    [InlineData(DocumentKind.IndexPage)]
    [InlineData(DocumentKind.Profile)]
    public async Task Documents_StoredReopenedAndDamaged_ComeAndGo(DocumentKind kind)
    {
        DocumentName name = new(kind, Digest.Of(Block));
        long before = Names.Sequence;
        Assert.True(_cache.Cache.Documents.TryStore(name, FetchedDocument.Verify(name, Block)));
        Assert.True(_cache.Cache.Documents.TryStore(name, FetchedDocument.Verify(name, Block)));
        Assert.Equal([new(HeldKey.Of(name), HeldChangeKind.Added)], Changes(before));

        File.WriteAllBytes(Path.Combine(_cache.Path, RepositoryPaths.Indexes, "not-a-document"), Block);
        await _cache.ReopenAsync();
        Assert.Equal([HeldKey.Of(name)], Keys());

        before = Names.Sequence;
        File.WriteAllBytes(Path.Combine(_cache.Path, name.Path), Other);
        Assert.Equal(SourceError.Invalid, _cache.Cache.Documents.TryRead(name).Error);
        Assert.Empty(Keys());
        Assert.Equal([new(HeldKey.Of(name), HeldChangeKind.Removed)], Changes(before));
    }

    // While the folders are looked through, which may take minutes, others may use what the catalogue said.
    [Fact]
    public void FinishRestore_OfACatalogueNotTrusted_LetsAllBeAskedForAlready()
    {
        HeldJournal journal = new();
        BlockInventory inventory = new(new S3Fifo(), long.MaxValue, _ => false, TimeProvider.System, journal);
        HeldNames names = new(journal, inventory);
        byte[] page = new byte[CatalogPage.SizeOf(1)];
        CatalogPage.WriteHeader(page, 1);
        CatalogPage.WriteRow(page, 0, new CatalogRow(BlockName.Of(Block), Block.Length, 0, 0, SourceKind.Mirror, 0));
        Assert.True(inventory.RestorePage(0, page));
        inventory.FinishRestore(whole: false);
        Assert.Equal(-1, names.CopyChanges(0, []));
        List<ulong> keys = [];
        Assert.Equal(names.Sequence, names.CopyKeys(keys));
        Assert.Equal([HeldKey.Of(BlockName.Of(Block))], keys);
    }

    [Fact]
    public void CopyKeys_OfSeveralPagesWithHoles_IsAllOfThem()
    {
        HeldJournal journal = new();
        BlockInventory inventory = new(new S3Fifo(), long.MaxValue, _ => false, TimeProvider.System, journal);
        HeldNames names = new(journal, inventory);
        BlockName[] all = [.. Enumerable.Range(0, 5000).Select(i => BlockName.Of(BitConverter.GetBytes(i)))];
        foreach (BlockName name in all) inventory.Stored(name, 100, 0, SourceKind.Mirror);
        foreach (BlockName name in all[..2500]) inventory.Removed(name);
        List<ulong> keys = [];
        names.CopyKeys(keys);
        Assert.Equal(all[2500..].Select(HeldKey.Of).Order(), keys.Order());
    }

    [Fact]
    public async Task CopyKeys_WhileBlocksComeAndGo_MissesNothingThatTheChangesAfterItDoNotTell()
    {
        HeldJournal journal = new();
        BlockInventory inventory = new(new S3Fifo(), long.MaxValue, _ => false, TimeProvider.System, journal);
        HeldNames names = new(journal, inventory);
        BlockName[] all = [.. Enumerable.Range(0, 10_000).Select(i => BlockName.Of(BitConverter.GetBytes(i)))];
        foreach (BlockName name in all[..5000]) inventory.Stored(name, 100, 0, SourceKind.Mirror);
        Task churn = Task.Run(() =>
        {
            foreach ((BlockName leaving, BlockName coming) in all[..5000].Zip(all[5000..]))
            {
                inventory.Removed(leaving);
                inventory.Stored(coming, 100, 0, SourceKind.Peer);
            }
        });
        List<ulong> keys = [];
        long sequence = names.CopyKeys(keys);
        await churn;
        List<HeldChange> changes = [];
        Assert.NotEqual(-1, names.CopyChanges(sequence, changes));
        Assert.Equal(all[5000..].Select(HeldKey.Of).Order(), Replayed(changes, keys));
    }

    private ulong[] Keys()
    {
        List<ulong> keys = [];
        Names.CopyKeys(keys);
        return [.. keys.Order()];
    }

    private List<HeldChange> Changes(long since)
    {
        List<HeldChange> changes = [];
        Assert.Equal(Names.Sequence, Names.CopyChanges(since, changes));
        return changes;
    }

    private static IEnumerable<ulong> Replayed(List<HeldChange> changes, IEnumerable<ulong>? start = null)
    {
        HashSet<ulong> held = [.. start ?? []];
        foreach (HeldChange change in changes) _ = change.Kind == HeldChangeKind.Removed ? held.Remove(change.Key) : held.Add(change.Key);
        return held.Order();
    }
}
