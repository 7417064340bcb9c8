using CsCheck;
using OsCircular.Blocks;

namespace OsCircular.Tests.Blocks;

public sealed class BlockBuffersTests
{
    private const int Limit = 4 * StoredBlock.MaxLength;

    private readonly BlockBuffers _buffers = new(Limit);

    [Fact]
    public void Rent_AnyLength_IsLongEnoughAndNotTwiceWhatIsNeeded() => Gen.Int[0, StoredBlock.MaxLength + 10].Sample(length =>
    {
        byte[] buffer = _buffers.Rent(length);
        Assert.InRange(buffer.Length, length, Math.Max(4096, 2 * length));
        _buffers.Return(buffer);
    });

    [Fact]
    public void Rent_AfterReturn_IsTheSame()
    {
        byte[] buffer = _buffers.Rent(70_000);
        _buffers.Return(buffer);
        Assert.Same(buffer, _buffers.Rent(100_000));
        Assert.Equal(0, _buffers.Kept);
    }

    [Fact]
    public void Rent_FromManyThreads_IsNobodyElsesMeanwhile() => Parallel.For(0, 2000, number =>
    {
        byte[] buffer = _buffers.Rent(5000);
        buffer.AsSpan().Fill((byte)number);
        Thread.Yield();
        Assert.True(buffer.AsSpan().IndexOfAnyExcept((byte)number) < 0);
        _buffers.Return(buffer);
    });

    [Fact]
    public void Return_MoreThanTheLimit_IsLetGo()
    {
        byte[][] rented = [.. Enumerable.Range(0, 6).Select(_ => _buffers.Rent(StoredBlock.MaxLength))];
        foreach (byte[] buffer in rented) _buffers.Return(buffer);
        Assert.Equal(Limit, _buffers.Kept);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(5000)]
    [InlineData(StoredBlock.MaxLength * 2)]
    public void Return_OfALengthThatIsNotRented_IsLetGo(int length)
    {
        _buffers.Return(new byte[length]);
        Assert.Equal(0, _buffers.Kept);
    }
}
