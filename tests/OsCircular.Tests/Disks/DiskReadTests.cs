using OsCircular.Blocks;
using OsCircular.Disks;
using OsCircular.Sources;
using OsCircular.TestKit.Disks;

namespace OsCircular.Tests.Disks;

public sealed class DiskReadTests
{
    private const int BlockSize = BlockGeometry.MinBlockSize;

    private static readonly TestDisk Image = new(new BlockGeometry(20 * BlockSize + 1536, BlockSize));

    [Theory]
    [InlineData(true, true)]
    [InlineData(true, false)]
    [InlineData(false, true)]
    [InlineData(false, false)]
    public async Task Read_AnyRange_YieldsItsBytes(bool local, bool inline)
    {
        await using var service = new TestService();
        Disk disk = service.Open(Image, local, upstream: !local);
        foreach ((long offset, int length) in new[] { (0L, 1), (0L, BlockSize), (BlockSize - 1L, 2), (777L, 1024 * 1024), (3L * BlockSize, 5 * BlockSize), (20L * BlockSize, 1536) })
        {
            (SourceError error, byte[] bytes) = await TestRead.OfAsync(disk, offset, length, inline);
            Assert.Equal(SourceError.None, error);
            Assert.True(Image.Bytes.AsSpan((int)offset, length).SequenceEqual(bytes), $"{length} at {offset}");
        }
    }

    [Theory]
    [InlineData(-4096, 4096)]
    [InlineData(-512, 512)]
    [InlineData(0, 0)]
    [InlineData(1L << 50, 0)]
    public async Task Read_PastTheEnd_IsTruncated(long fromEnd, int expected)
    {
        await using var service = new TestService();
        Disk disk = service.Open(Image, local: true, upstream: false);
        (SourceError error, byte[] bytes) = await TestRead.OfAsync(disk, Image.Geometry.DiskSize + fromEnd, 4096);
        Assert.Equal(SourceError.None, error);
        Assert.Equal(expected, bytes.Length);
    }
}
