using OsCircular.Agent.Serving;
using OsCircular.Blocks;

namespace OsCircular.Tests.Agent.Serving;

public sealed class ListenAddressTests
{
    [Theory]
    [InlineData("0.0.0.0:8080", "0.0.0.0:8080")]
    [InlineData("[::]:0", "[::]:0")]
    [InlineData("[::1]:80", "[::1]:80")]
    [InlineData("127.0.0.1:65535", "127.0.0.1:65535")]
    [InlineData("localhost:1", "127.0.0.1:1")]
    public void Parse_AddressAndPort_IsThatEndpoint(string text, string expected) => Assert.Equal(expected, ListenAddress.Parse(text).ToString());

    [Theory]
    [InlineData(":8080")]
    [InlineData("*:8080")]
    public void Parse_OnlyAPort_IsEveryAddress(string text) => Assert.Contains(ListenAddress.Parse(text).ToString(), new[] { "[::]:8080", "0.0.0.0:8080" });

    [Theory]
    [InlineData("8080")]
    [InlineData("")]
    [InlineData("host:8080")]
    [InlineData("1.2.3.4:")]
    [InlineData("1.2.3.4:65536")]
    [InlineData("1.2.3.4:-1")]
    [InlineData("::1:8080")]
    public void Parse_AnythingElse_IsAUserErrorThatSaysWhatToWrite(string text)
    {
        UserError error = Assert.Throws<UserError>(() => ListenAddress.Parse(text));
        Assert.Equal(UserError.WrongUsage, error.ExitCode);
        Assert.Contains("Write 0.0.0.0:8080", error.Message);
    }
}
