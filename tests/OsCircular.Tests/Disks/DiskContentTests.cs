using OsCircular.Blocks;
using OsCircular.Disks;
using OsCircular.Sources;
using OsCircular.TestKit.Disks;

namespace OsCircular.Tests.Disks;

/// <summary>Only what the signed index says reaches a reader.</summary>
public sealed class DiskContentTests
{
    private const int BlockSize = BlockGeometry.MinBlockSize;

    private static readonly BlockGeometry Geometry = new(8 * BlockSize, BlockSize);

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Read_BlockThatIsNotItsRows_FailsAsInvalid(bool local)
    {
        var image = new TestDisk(Geometry, zeros: 0, alter: (block, row) => block == 3 ? row with { Content = Digest.Of([1]) } : row);
        await using var service = new TestService();
        Disk disk = service.Open(image, local, upstream: !local);
        Assert.Equal(SourceError.Invalid, (await TestRead.OfAsync(disk, 3 * BlockSize, 512)).Error);
        Assert.Equal(SourceError.Invalid, (await TestRead.OfAsync(disk, 0, 8 * BlockSize)).Error);
        Assert.Equal(SourceError.None, (await TestRead.OfAsync(disk, 0, 3 * BlockSize)).Error);
    }

    [Fact]
    public async Task Read_RowsThatGiveOneNameTwoContents_HoldsEachToItsOwn()
    {
        TestDisk? good = null;
        good = new TestDisk(Geometry, zeros: 0);
        var image = new TestDisk(Geometry, zeros: 0, alter: (block, row) => block == 1 ? good.Row(0) with { Content = row.Content } : row);
        await using var service = new TestService();
        Disk disk = service.Open(image, local: true, upstream: false);
        Assert.Equal(SourceError.None, (await TestRead.OfAsync(disk, 0, BlockSize)).Error);
        Assert.Equal(SourceError.Invalid, (await TestRead.OfAsync(disk, BlockSize, BlockSize)).Error);
    }

    [Fact]
    public async Task Read_StoredLengthLongerThanTheLastBlock_FailsAsInvalid()
    {
        var image = new TestDisk(new BlockGeometry(BlockSize + 512, BlockSize), zeros: 0, alter: (block, row) => block == 1 ? row with { StoredLength = 600 } : row);
        await using var service = new TestService();
        Disk disk = service.Open(image, local: true, upstream: true);
        Assert.Equal(SourceError.Invalid, (await TestRead.OfAsync(disk, BlockSize, 512)).Error);
        Assert.Equal(0, service.Upstream.Calls);
    }

    [Fact]
    public async Task Read_DamagedLocally_IsHealedFromUpstream()
    {
        var image = new TestDisk(Geometry, zeros: 0);
        await using var service = new TestService();
        Disk disk = service.Open(image, local: true, upstream: true);
        service.Local.AddDamaged(image.Row(2).Name, new byte[image.Row(2).StoredLength]);
        (SourceError error, byte[] bytes) = await TestRead.OfAsync(disk, 0, 8 * BlockSize, inline: true);
        Assert.Equal(SourceError.None, error);
        Assert.True(image.Bytes.AsSpan().SequenceEqual(bytes));
        Assert.Equal(image.Row(2).Name, Assert.Single(service.Upstream.Requests).Name);
    }

    [Fact]
    public async Task Read_LocalDiskFailing_IsServedFromUpstream()
    {
        var image = new TestDisk(Geometry, zeros: 0);
        await using var service = new TestService();
        Disk disk = service.Open(image, local: true, upstream: true);
        service.Local.Failure = SourceError.Unreachable;
        Assert.Equal(SourceError.None, (await TestRead.OfAsync(disk, 0, 8 * BlockSize)).Error);
    }

    [Fact]
    public async Task Read_FirstTime_MarksTheNameProven()
    {
        var image = new TestDisk(Geometry, zeros: 0);
        await using var service = new TestService();
        Disk disk = service.Open(image, local: true, upstream: false);
        await TestRead.OfAsync(disk, 0, 8 * BlockSize);
        Assert.Equal(8, service.Local.Proofs);
    }

    /// <summary>A mark is the one thing that lets a block pass without its SHA-256, which shows that it is looked at.</summary>
    [Fact]
    public async Task Read_NameProvenForTheRowsContent_DoesNotHashAgain()
    {
        Digest claimed = Digest.Of([1]);
        var image = new TestDisk(Geometry, zeros: 0, alter: (_, row) => row with { Content = claimed });
        await using var service = new TestService();
        Disk disk = service.Open(image, local: true, upstream: false);
        service.Local.MarkProven(image.Row(0).Name, claimed);
        service.Local.MarkProven(image.Row(1).Name, Digest.Of([2]));
        Assert.Equal(SourceError.None, (await TestRead.OfAsync(disk, 0, BlockSize)).Error);
        Assert.Equal(SourceError.Invalid, (await TestRead.OfAsync(disk, BlockSize, BlockSize)).Error);
    }

    [Fact]
    public async Task Read_IndexPageThatIsNone_FailsAsInvalid()
    {
        var image = new TestDisk(Geometry, zeros: 0);
        await using var service = new TestService();
        Digest root = service.Documents.Add(DocumentKind.IndexPage, [1, 2, 3]).Digest;
        Disk disk = service.Open(Geometry, root);
        Assert.Equal(SourceError.Invalid, (await TestRead.OfAsync(disk, 0, 512)).Error);
    }
}
