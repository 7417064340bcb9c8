using OsCircular.Blocks;
using OsCircular.Cache;
using OsCircular.Sources;
using OsCircular.TestKit.Sources;

namespace OsCircular.Tests.Cache;

public sealed class BlockStoreTests : IAsyncLifetime
{
    private static readonly byte[] First = TestBlocks.Make(1, 90_000);
    private static readonly byte[] Second = TestBlocks.Make(2, 70_000);
    private TestCache _cache = null!;

    public async ValueTask InitializeAsync() => _cache = await TestCache.OpenAsync();

    public ValueTask DisposeAsync() => _cache.DisposeAsync();

    [Fact]
    public void TryRead_StoredBlock_LiesVerifiedInTheLentBuffer()
    {
        BlockName name = _cache.Store(First);
        byte[] buffer = new byte[First.Length + 10];

        Assert.Equal(SourceError.None, _cache.Blocks.TryRead(name, First.Length, buffer, out StoredBlock block));
        Assert.Equal(name, block.Name);
        Assert.Equal(First, block.Bytes.ToArray());
        Assert.True(_cache.Blocks.MayHold(name));
        Assert.Equal(First, File.ReadAllBytes(_cache.FileOf(name)));
    }

    [Fact]
    public void TryRead_BlockNotHeld_IsMissing()
    {
        Assert.Equal(SourceError.Missing, _cache.Read(Second));
        Assert.False(_cache.Blocks.MayHold(BlockName.Of(Second)));
    }

    public static TheoryData<string> Damages => ["flip", "truncate", "empty", "append", "zeros", "another"];

    [Theory]
    [MemberData(nameof(Damages))]
    public void TryRead_DamagedFile_IsInvalidAndSetAside(string damage)
    {
        BlockName name = _cache.Store(First);
        Spoil(_cache.FileOf(name), damage);

        Assert.Equal(SourceError.Invalid, _cache.Read(First));
        Assert.Equal(1, _cache.Cache.Counters[CacheCounter.Damaged]);
        Assert.False(File.Exists(_cache.FileOf(name)));
        Assert.False(_cache.Blocks.MayHold(name));
        Assert.Equal(SourceError.Missing, _cache.Read(First));
    }

    [Fact]
    public void TryRead_GoodFileButAnotherLengthAsked_KeepsTheFile()
    {
        BlockName name = _cache.Store(First);
        Assert.Equal(SourceError.Invalid, _cache.Blocks.TryRead(name, First.Length - 1, new byte[First.Length], out _));
        Assert.Equal(SourceError.None, _cache.Read(First));
        Assert.Equal(0, _cache.Cache.Counters[CacheCounter.Damaged]);
    }

    [Fact]
    public void TryRead_UnreadableFile_IsUnreachable()
    {
        BlockName name = BlockName.Of(First);
        Directory.CreateDirectory(_cache.FileOf(name));
        Assert.Equal(SourceError.Unreachable, _cache.Read(First));
    }

    [Fact]
    public void TryRead_FileRemovedByHand_IsForgotten()
    {
        BlockName name = _cache.Store(First);
        File.Delete(_cache.FileOf(name));
        Assert.Equal(SourceError.Missing, _cache.Read(First));
        Assert.False(_cache.Blocks.MayHold(name));
    }

    [Fact]
    public void TryRead_FilePutThereByHand_CountsFromThenOn()
    {
        BlockName name = BlockName.Of(Second);
        Directory.CreateDirectory(Path.GetDirectoryName(_cache.FileOf(name))!);
        File.WriteAllBytes(_cache.FileOf(name), Second);
        Assert.Equal(SourceError.None, _cache.Read(Second));
        Assert.True(_cache.Blocks.MayHold(name));
    }

    [Fact]
    public void TryRead_Hit_AllocatesNothing()
    {
        BlockName name = _cache.Store(First);
        Memory<byte> buffer = new byte[First.Length];
        for (int i = 0; i < 100; i++) _cache.Blocks.TryRead(name, First.Length, buffer, out _);

        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 100; i++)
        {
            _cache.Blocks.TryRead(name, First.Length, buffer, out _);
            _cache.Blocks.IsProven(name, default);
        }

        Assert.Equal(before, GC.GetAllocatedBytesForCurrentThread());
    }

    [Fact]
    public void IsProven_AfterMark_UntilStoredAnew()
    {
        BlockName name = _cache.Store(First);
        Digest content = Digest.Of(First), other = Digest.Of(Second);
        Assert.False(_cache.Blocks.IsProven(name, content));

        _cache.Blocks.MarkProven(name, content);
        Assert.True(_cache.Blocks.IsProven(name, content));
        Assert.False(_cache.Blocks.IsProven(name, other));
        Assert.False(_cache.Blocks.IsProven(BlockName.Of(Second), content));

        _cache.Store(First);
        Assert.False(_cache.Blocks.IsProven(name, content));
    }

    [Fact]
    public void TryReserve_NotUsed_GivesTheRoomBack()
    {
        for (int i = 0; i < 1000; i++)
        {
            using CacheReservation? reservation = _cache.Blocks.TryReserve(StoredBlock.MaxLength);
            Assert.NotNull(reservation);
        }
    }

    private static void Spoil(string path, string damage)
    {
        byte[] bytes = File.ReadAllBytes(path);
        File.WriteAllBytes(path, damage switch
        {
            "flip" => [.. bytes[..1000], (byte)(bytes[1000] ^ 4), .. bytes[1001..]],
            "truncate" => bytes[..4096],
            "empty" => [],
            "append" => [.. bytes, 0],
            "zeros" => new byte[bytes.Length],
            "another" => Second,
            _ => throw new ArgumentException(damage),
        });
    }
}
