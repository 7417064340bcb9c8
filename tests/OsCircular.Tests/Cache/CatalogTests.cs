using LiteDB;
using Microsoft.Extensions.Logging.Abstractions;
using OsCircular.Blocks;
using OsCircular.Cache;
using OsCircular.Sources;
using OsCircular.TestKit.Sources;

namespace OsCircular.Tests.Cache;

public sealed class CatalogTests : IAsyncLifetime
{
    private static readonly byte[][] Held = [.. Enumerable.Range(1, 40).Select(i => TestBlocks.Make(i, 1000 + i))];
    private static readonly CatalogHeader EmptyHeader = new(0, new byte[CatalogHeader.ProofKeySize], []);
    private TestCache _cache = null!;

    private string Database => Path.Combine(_cache.Path, "agent", "catalog.db");

    private string Marker => Path.Combine(_cache.Path, "agent", "catalog.state");

    public async ValueTask InitializeAsync()
    {
        _cache = await TestCache.OpenAsync();
        foreach (byte[] block in Held) _cache.Store(block);
        _cache.Blocks.MarkProven(BlockName.Of(Held[0]), Digest.Of(Held[0]));
    }

    public ValueTask DisposeAsync() => _cache.DisposeAsync();

    [Fact]
    public async Task Reopen_AfterOrderlyEnd_RemembersBlocksMarksAndCounters()
    {
        _cache.Read(Held[3]);
        await _cache.ReopenAsync();
        Assert.Equal(1, _cache.Cache.Counters[CacheCounter.Hits]);
        AssertAllHeld();
        Assert.True(_cache.Blocks.IsProven(BlockName.Of(Held[0]), Digest.Of(Held[0])));
        Assert.False(_cache.Blocks.IsProven(BlockName.Of(Held[1]), Digest.Of(Held[1])));
        Assert.Equal(Held.Sum(block => block.Length), _cache.Cache.Counters[CacheCounter.BytesFromMirrors]);
    }

    [Fact]
    public async Task Reopen_Twice_ReusesTheSlotsOfRemovedBlocks()
    {
        await _cache.ReopenAsync();
        File.Delete(_cache.FileOf(BlockName.Of(Held[5])));
        Assert.Equal(SourceError.Missing, _cache.Read(Held[5]));
        await _cache.ReopenAsync();
        Assert.Equal(Held.Length - 1, _cache.Cache.Status.Blocks);
        _cache.Store(Held[5]);
        await _cache.ReopenAsync();
        AssertAllHeld();
    }

    [Fact]
    public async Task Open_CopyOfARunningCache_LooksThroughTheFolders()
    {
        await _cache.ReopenAsync();
        _cache.Store(TestBlocks.Make(99));
        File.Delete(_cache.FileOf(BlockName.Of(Held[5])));
        using TemporaryCopy copy = new(_cache.Path);

        await using BlockCache crashed = await TestCache.OpenAsync(copy.Path);
        Assert.Equal(Held.Length, crashed.Status.Blocks);
        Assert.True(crashed.Blocks.MayHold(BlockName.Of(TestBlocks.Make(99))));
        Assert.False(crashed.Blocks.MayHold(BlockName.Of(Held[5])));
        Assert.False(crashed.Blocks.IsProven(BlockName.Of(Held[0]), Digest.Of(Held[0])));
        Assert.Equal(Held.Sum(block => block.Length) - Held[5].Length + TestBlocks.Make(99).Length, crashed.Status.BlockBytes);
    }

    public static TheoryData<string, int> Damages
    {
        get
        {
            TheoryData<string, int> damages = new() { { "remove", 0 }, { "empty", 0 }, { "newer", 0 }, { "no page", 0 }, { "no marker", 0 }, { "newer marker", 0 } };
            foreach (int at in (int[])[0, 20, 60, 100, 4096, 8192, 8250, 16384, 20_000, 30_000])
            {
                damages.Add("truncate", at);
                damages.Add("garble", at);
            }

            return damages;
        }
    }

    [Theory]
    [MemberData(nameof(Damages))]
    public async Task Reopen_DamagedCatalogue_IsMadeAnew(string damage, int at)
    {
        await _cache.Cache.DisposeAsync();
        Spoil(damage, at);
        await _cache.ReopenAsync();
        AssertAllHeld();
        Assert.Equal(damage != "remove", File.Exists(Database + ".damaged-1"));

        await _cache.ReopenAsync();
        AssertAllHeld();
        Assert.False(File.Exists(Database + ".damaged-2"));
    }

    /// <summary>Also where the marker vouches for the damaged bytes, so that nothing but LiteDB and our own look at what it yields stands between.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Reopen_GarbledAtEvery512Bytes_ServesAndIsMadeAnew(bool vouchedFor)
    {
        await _cache.Cache.DisposeAsync();
        byte[] good = File.ReadAllBytes(Database);
        byte[] marker = File.ReadAllBytes(Marker);
        Random random = new(1);
        byte[] noise = new byte[512];
        for (int at = 0; at < good.Length; at += 512)
        {
            byte[] bytes = [.. good];
            random.NextBytes(noise);
            noise.CopyTo(bytes, at);
            File.WriteAllBytes(Database, bytes);
            File.WriteAllBytes(Marker, vouchedFor ? new CatalogMarker(true, Digest.Of(bytes)).ToBytes() : marker);
            await _cache.ReopenAsync();
            Assert.All(Held, block => Assert.Equal(SourceError.None, _cache.Read(block)));
            if (!vouchedFor) AssertAllHeld();
            await _cache.Cache.DisposeAsync();
        }

        await _cache.ReopenAsync();
    }

    [Fact]
    public async Task Reopen_TruncatedAtEvery512Bytes_ServesAndIsMadeAnew()
    {
        await _cache.Cache.DisposeAsync();
        byte[] good = File.ReadAllBytes(Database);
        byte[] marker = File.ReadAllBytes(Marker);
        for (int length = 0; length < good.Length; length += 512)
        {
            File.WriteAllBytes(Database, good[..length]);
            File.WriteAllBytes(Marker, marker);
            await _cache.ReopenAsync();
            AssertAllHeld();
            await _cache.Cache.DisposeAsync();
        }

        await _cache.ReopenAsync();
    }

    [Fact]
    public async Task Reopen_DamagedOverAndOver_KeepsTwo()
    {
        for (int i = 0; i < 4; i++)
        {
            await _cache.Cache.DisposeAsync();
            File.WriteAllText(Database, $"garbage {i}");
            await _cache.ReopenAsync();
        }

        Assert.Equal("garbage 3", File.ReadAllText(Database + ".damaged-1"));
        Assert.Equal("garbage 2", File.ReadAllText(Database + ".damaged-2"));
        Assert.Equal(2, Directory.GetFiles(Path.GetDirectoryName(Database)!, "*.damaged-*").Length);
    }

    [Fact]
    public void Write_DeletedOrChangedMeanwhile_IsGivenEveryPage()
    {
        Catalog catalog = new(_cache.Cache.Directory, NullLogger.Instance);
        Assert.True(catalog.NeedsAll());
        Assert.True(catalog.Write(EmptyHeader, [(0, [1])], all: true, clean: false));
        Assert.False(catalog.NeedsAll());
        File.Delete(Database);
        Assert.True(catalog.NeedsAll());
        Assert.True(catalog.Write(EmptyHeader, [(0, [1])], all: true, clean: false));
        File.AppendAllText(Database, "x");
        Assert.True(catalog.NeedsAll());
    }

    [Fact]
    public void Write_FileHeldByAnother_FailsWithoutAnException()
    {
        Catalog catalog = new(_cache.Cache.Directory, NullLogger.Instance);
        Assert.True(catalog.Write(EmptyHeader, [(0, [1])], all: true, clean: false));
        using (File.Open(Database, FileMode.Open, FileAccess.ReadWrite, FileShare.None))
        {
            Assert.True(catalog.NeedsAll());
            Assert.False(catalog.Write(EmptyHeader, [(0, [1])], all: false, clean: false));
            Assert.Equal(CatalogTrust.None, new Catalog(_cache.Cache.Directory, NullLogger.Instance).Load(_ => { }, (_, _) => true, default));
        }

        Assert.True(catalog.Write(EmptyHeader, [(0, [1])], all: true, clean: false));
    }

    private void AssertAllHeld()
    {
        Assert.Equal(CatalogState.Ready, _cache.Cache.Status.Catalog);
        Assert.Equal(Held.Length, _cache.Cache.Status.Blocks);
        Assert.Equal(Held.Sum(block => block.Length), _cache.Cache.Status.BlockBytes);
        Assert.All(Held, block => Assert.Equal(SourceError.None, _cache.Blocks.TryRead(BlockName.Of(block), block.Length, new byte[block.Length], out _)));
    }

    private void Spoil(string damage, int at)
    {
        byte[] bytes = File.ReadAllBytes(Database);
        string marker = Path.Combine(_cache.Path, "agent", "catalog.state");
        switch (damage)
        {
            case "remove": File.Delete(Database); break;
            case "empty": File.WriteAllBytes(Database, []); break;
            case "truncate": File.WriteAllBytes(Database, bytes[..Math.Min(at, bytes.Length - 1)]); break;
            case "garble":
                bytes.AsSpan(Math.Min(at, bytes.Length - 64), 64).Fill(0xA5);
                File.WriteAllBytes(Database, bytes);
                break;
            case "no marker": File.Delete(marker); break;
            case "newer marker": File.WriteAllText(marker, File.ReadAllText(marker).Replace(":1 ", ":2 ", StringComparison.Ordinal)); break;
            case "newer": Change(database => database.GetCollection("header").UpdateMany("{version: 2}", "1 = 1")); break;
            case "no page": Change(database => database.DropCollection("blocks")); break;
            default: throw new ArgumentException(damage);
        }

        // As another program would: well-formed, and with a marker that vouches for it.
        void Change(Action<LiteDatabase> change)
        {
            using (LiteDatabase database = new(Database)) change(database);
            File.WriteAllBytes(marker, new CatalogMarker(true, Digest.Of(File.ReadAllBytes(Database))).ToBytes());
        }
    }
}
