using CsCheck;
using OsCircular.Agent.Serving;

namespace OsCircular.Tests.Agent.Serving;

public sealed class ByteRangeTests
{
    [Theory]
    [InlineData("bytes=0-0", 0, 1)]
    [InlineData("bytes=10-19", 10, 10)]
    [InlineData("bytes=90-", 90, 10)]
    [InlineData("bytes=90-1000", 90, 10)]
    [InlineData("bytes=-5", 95, 5)]
    [InlineData("bytes=-500", 0, 100)]
    public void Of_OneRange_IsThatPart(string header, long offset, long length) =>
        Assert.Equal(new ByteRange(offset, length, true), ByteRange.Of(header, 100));

    [Theory]
    [InlineData(null)]
    [InlineData("bytes=0-1,5-6")]
    [InlineData("lines=0-1")]
    [InlineData("bytes=5-1")]
    [InlineData("nonsense")]
    public void Of_AnythingElse_IsTheWholeFile(string? header) => Assert.Equal(ByteRange.Whole(100), ByteRange.Of(header, 100));

    [Theory]
    [InlineData("bytes=100-", 100)]
    [InlineData("bytes=100-200", 100)]
    [InlineData("bytes=-0", 100)]
    [InlineData("bytes=0-", 0)]
    public void Of_OutsideOfTheFile_IsNotSatisfiable(string header, long length) => Assert.Null(ByteRange.Of(header, length));

    [Fact]
    public void Of_AnyNumbers_NeverLeavesTheFile() => Gen.Select(Gen.Long[0, 1000], Gen.Long[0, long.MaxValue], Gen.Long[0, long.MaxValue]).Sample((length, from, to) =>
        ByteRange.Of($"bytes={from}-{to}", length) is not { } range || (range.Offset >= 0 && range.Length >= 0 && range.Offset + range.Length <= length));
}
