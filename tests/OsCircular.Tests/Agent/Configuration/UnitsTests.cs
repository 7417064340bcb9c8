using OsCircular.Agent.Configuration;

namespace OsCircular.Tests.Agent.Configuration;

public class UnitsTests
{
    [Theory]
    [InlineData("0", 0)]
    [InlineData("4096", 4096)]
    [InlineData("64KiB", 65536)]
    [InlineData("64 kib", 65536)]
    [InlineData("1.5GiB", 1610612736)]
    [InlineData("10GB", 10_000_000_000)]
    [InlineData("2M", 2097152)]
    [InlineData("7B", 7)]
    public void TryParseSize_WrittenAsUsual_GivesBytes(string text, long bytes)
    {
        Assert.True(Units.TryParseSize(text, out long read));
        Assert.Equal(bytes, read);
    }

    [Theory]
    [InlineData("")]
    [InlineData("MiB")]
    [InlineData("-1MiB")]
    [InlineData("1XiB")]
    [InlineData("1,5GiB")]
    [InlineData("9999999999TiB")]
    [InlineData("2999999999999999999990GiB")]
    [InlineData("79228162514264337593543950335TiB")]
    public void TryParseSize_NoSize_IsRefused(string text) => Assert.False(Units.TryParseSize(text, out _));

    [Theory]
    [InlineData("500ms", 500)]
    [InlineData("30s", 30_000)]
    [InlineData("5m", 300_000)]
    [InlineData("5min", 300_000)]
    [InlineData("12h", 43_200_000)]
    [InlineData("30d", 2_592_000_000)]
    public void TryParseTime_WrittenAsUsual_GivesTime(string text, long milliseconds)
    {
        Assert.True(Units.TryParseTime(text, out TimeSpan time));
        Assert.Equal(milliseconds, time.TotalMilliseconds);
    }

    [Theory]
    [InlineData("30")]
    [InlineData("s")]
    [InlineData("-1s")]
    [InlineData("1 week")]
    [InlineData("9999999999d")]
    [InlineData("79228162514264337593543950335d")]
    public void TryParseTime_NoTime_IsRefused(string text) => Assert.False(Units.TryParseTime(text, out _));

    [Theory]
    [InlineData(0, "0 B")]
    [InlineData(1023, "1023 B")]
    [InlineData(1024, "1.00 KiB")]
    [InlineData(10 * 1024 * 1024, "10.0 MiB")]
    [InlineData(1023L * 1024, "1.00 MiB")]
    [InlineData(5L << 40, "5.00 TiB")]
    public void FormatSize_ThreeDigits(long bytes, string text) => Assert.Equal(text, Units.FormatSize(bytes));
}
