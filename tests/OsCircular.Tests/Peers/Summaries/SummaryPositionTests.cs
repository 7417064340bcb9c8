using OsCircular.Peers.Summaries;

namespace OsCircular.Tests.Peers.Summaries;

public sealed class SummaryPositionTests
{
    [Theory]
    [InlineData("0000000000000000:0", 0UL, 0L)]
    [InlineData("0123456789abcdef:42", 0x0123456789abcdefUL, 42L)]
    [InlineData("ffffffffffffffff:9223372036854775807", ulong.MaxValue, long.MaxValue)]
    public void TryParse_ItsText_IsThePosition(string text, ulong epoch, long sequence)
    {
        Assert.True(SummaryPosition.TryParse(text, out SummaryPosition position));
        Assert.Equal(new SummaryPosition(epoch, sequence), position);
        Assert.Equal(text, position.ToString());
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData(":1")]
    [InlineData("0123456789abcdef")]
    [InlineData("0123456789abcdef:")]
    [InlineData("0123456789ABCDEF:1")]
    [InlineData("0123456789abcde:1")]
    [InlineData("0123456789abcdef0:1")]
    [InlineData("0123456789abcdef:-1")]
    [InlineData("0123456789abcdef:+1")]
    [InlineData("0123456789abcdef: 1")]
    [InlineData("0123456789abcdef:1:")]
    [InlineData("0123456789abcdef:9223372036854775808")]
    public void TryParse_AnythingElse_IsRefused(string? text) => Assert.False(SummaryPosition.TryParse(text, out _));
}
