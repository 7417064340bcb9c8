using CsCheck;
using OsCircular.Blocks;
using OsCircular.Cache;
using OsCircular.Sources;
using OsCircular.TestKit.Sources;

namespace OsCircular.Tests.Cache;

public sealed class QuotaModelTests
{
    private const long Quota = 40_000;
    private static readonly CacheOptions Small = new() { Quota = Quota, FreeSpaceFloor = 0 };
    private static readonly byte[][] Blocks = [.. Enumerable.Range(0, 32).Select(i => TestBlocks.Make(i, 1000 + i * 137))];
    private static readonly byte[][] Documents = [.. Enumerable.Range(100, 4).Select(i => TestBlocks.Make(i, 1500))];

    [Fact]
    public void AnyCalls_AgainstAModel_KeepThePromises() =>
        Gen.Select(Gen.Int[0, 8], Gen.Int[0, Blocks.Length - 1]).Array[1, 150].SampleAsync(async calls =>
        {
            await using TestCache cache = await TestCache.OpenAsync(Small);
            Model model = new(cache);
            foreach ((int call, int block) in calls)
            {
                model.Call(call, block);
                model.Check();
            }
        }, iter: 60);

    [Fact]
    public async Task Store_ManyTimesTheQuota_EvictsOneByOneAndNeverExceeds()
    {
        await using TestCache cache = await TestCache.OpenAsync(Small);
        for (int i = 0; i < 500; i++)
        {
            Assert.True(TestCache.TryStore(cache.Blocks, TestBlocks.Make(1000 + i, 2000)));
            Assert.InRange(cache.Cache.Status.BlockBytes, 0, Quota);
        }

        // No burst: what is held stays within a block of the quota.
        Assert.InRange(cache.Cache.Status.BlockBytes, Quota - 2000, Quota);
        Assert.Equal(500 - cache.Cache.Status.Blocks, cache.Cache.Counters[CacheCounter.Evicted]);
        Assert.Equal(CacheState.Ok, cache.Cache.Status.State);
    }

    [Fact]
    public async Task Reserve_AllRoomPinned_SaysFullUntilUnpinned()
    {
        await using TestCache cache = await TestCache.OpenAsync(Small, isPinned: _ => true);
        byte[][] held = [.. Enumerable.Range(0, 20).Select(i => TestBlocks.Make(i, 2000))];
        foreach (byte[] block in held) cache.Store(block);
        Assert.Null(cache.Blocks.TryReserve(1000));
        Assert.Equal(CacheState.Full, cache.Cache.Status.State);

        Assert.True(cache.Blocks.SetKept(BlockName.Of(held[7]), kept: false));
        cache.Blocks.TryReserve(1000)!.Dispose();
        Assert.Equal(SourceError.Missing, cache.Read(held[7]));
        Assert.Equal(19, cache.Cache.Status.Blocks);
        cache.Store(TestBlocks.Make(99, 1000));
        Assert.Equal(CacheState.Ok, cache.Cache.Status.State);
    }

    [Fact]
    public async Task Reopen_WithASmallerQuota_EvictsDownToIt()
    {
        await using TestCache cache = await TestCache.OpenAsync();
        foreach (byte[] block in Blocks) cache.Store(block);
        await cache.ReopenAsync(Small);
        Assert.InRange(cache.Cache.Status.BlockBytes, Quota - 6000, Quota);
    }

    [Fact]
    public async Task Reserve_BelowTheFreeSpaceFloor_IsRefused()
    {
        await using TestCache cache = await TestCache.OpenAsync(new CacheOptions { Quota = Quota, FreeSpaceFloor = long.MaxValue / 2 });
        Assert.Null(cache.Blocks.TryReserve(1000));
        Assert.Equal(CacheState.Full, cache.Cache.Status.State);
    }

    private sealed class Model(TestCache cache)
    {
        private readonly Dictionary<BlockName, byte[]> _kept = [];
        private readonly HashSet<BlockName> _pinned = [];
        private readonly HashSet<BlockName> _pinnedAndSeen = [];
        private readonly Queue<(CacheReservation Reservation, byte[] Block)> _inFlight = [];

        public void Call(int call, int index)
        {
            byte[] block = Blocks[index];
            BlockName name = BlockName.Of(block);
            switch (call)
            {
                case 0 or 1: TestCache.TryStore(cache.Blocks, block); break;
                case 2: Assert.Contains(cache.Read(block), new[] { SourceError.None, SourceError.Missing, SourceError.Invalid }); break;
                case 3: Keep(name, block); break;
                case 4 when cache.Blocks.TryReserve(block.Length) is { } reservation: _inFlight.Enqueue((reservation, block)); break;
                case 5 when _inFlight.TryDequeue(out var flight): Land(flight.Reservation, flight.Block, drop: index % 2 == 0); break;
                case 6 when File.Exists(cache.FileOf(name)): Damage(name, block); break;
                case 7 when index < Documents.Length: Store(Documents[index]); break;
                case 8: Pin(name, block.Length); break;
            }
        }

        public void Check()
        {
            CacheStatus status = cache.Cache.Status;
            long onDisk = Directory.EnumerateFiles(Path.Combine(cache.Path, "blocks"), "*", SearchOption.AllDirectories).Sum(file => new FileInfo(file).Length);
            Assert.Equal(onDisk, status.BlockBytes);
            Assert.Equal(_inFlight.Sum(flight => flight.Block.Length), status.ReservedBytes);
            Assert.InRange(status.BlockBytes + status.DocumentBytes + status.ReservedBytes, 0, Quota);
            Assert.All(_kept.Keys, name => Assert.True(File.Exists(cache.FileOf(name))));
            _pinnedAndSeen.UnionWith(_pinned.Where(name => File.Exists(cache.FileOf(name))));
            Assert.All(_pinnedAndSeen, name => Assert.True(File.Exists(cache.FileOf(name))));
            Assert.Equal(_pinned.Count - _pinnedAndSeen.Count, cache.Blocks.PinnedAndMissing);
        }

        // A third of the quota at most, as otherwise hardly anything else happens.
        private void Keep(BlockName name, byte[] block)
        {
            bool keep = _kept.Values.Sum(kept => kept.Length) + block.Length < Quota / 3 && !_kept.ContainsKey(name);
            if (!keep) _kept.Remove(name);
            if (cache.Blocks.SetKept(name, keep) && keep) _kept[name] = block;
        }

        // Pinned before it is held, or while it is; and taken back.
        private void Pin(BlockName name, int length)
        {
            if (!_pinned.Remove(name) && Blocks.Where(block => _pinned.Contains(BlockName.Of(block))).Sum(block => block.Length) + length < Quota / 3) _pinned.Add(name);
            _pinnedAndSeen.IntersectWith(_pinned);
            cache.Blocks.Pin(_pinned.ToHashSet());
        }

        private void Land(CacheReservation reservation, byte[] block, bool drop)
        {
            if (drop)
            {
                reservation.Dispose();
                return;
            }

            _kept.Remove(BlockName.Of(block));
            Assert.True(StoredBlock.TryVerify(BlockName.Of(block), block, out StoredBlock stored));
            Assert.True(cache.Blocks.TryStore(stored, reservation, SourceKind.Mirror));
        }

        private void Damage(BlockName name, byte[] block)
        {
            byte[] spoilt = [.. block];
            spoilt[^1] ^= 1;
            File.WriteAllBytes(cache.FileOf(name), spoilt);
            if (_kept.ContainsKey(name) || _pinned.Contains(name)) File.WriteAllBytes(cache.FileOf(name), block);
        }

        private void Store(byte[] bytes)
        {
            DocumentName name = new(DocumentKind.IndexPage, Digest.Of(bytes));
            _ = cache.Cache.Documents.TryStore(name, FetchedDocument.Verify(name, bytes));
        }
    }
}
