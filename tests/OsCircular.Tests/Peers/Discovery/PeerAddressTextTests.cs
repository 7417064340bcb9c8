using OsCircular.Blocks;
using OsCircular.Peers.Discovery;

namespace OsCircular.Tests.Peers.Discovery;

public sealed class PeerAddressTextTests
{
    [Theory]
    [InlineData("lab-07", "lab-07:7117", false)]
    [InlineData("lab-07.example:80", "lab-07.example:80", false)]
    [InlineData("10.0.0.7", "10.0.0.7:7117", true)]
    [InlineData("10.0.0.7:65535", "10.0.0.7:65535", true)]
    [InlineData("[fd00::7]", "[fd00::7]:7117", true)]
    [InlineData("[fd00::7]:80", "[fd00::7]:80", true)]
    [InlineData("[fe80::7%3]:80", "[fe80::7%3]:80", true)]
    public void Parse_Peer_IsRead(string text, string written, bool isAddress)
    {
        PeerAddressText peer = PeerAddressText.Parse(text);
        Assert.Equal(written, peer.ToString());
        Assert.Equal(isAddress, peer.Address is not null);
    }

    [Theory]
    [InlineData("")]
    [InlineData(" ")]
    [InlineData(":7117")]
    [InlineData("host:")]
    [InlineData("host:0")]
    [InlineData("host:65536")]
    [InlineData("host:http")]
    [InlineData("ho st")]
    [InlineData("http://host")]
    [InlineData("host/path")]
    [InlineData("fd00::7")]
    [InlineData("[fd00::7")]
    [InlineData("[fd00::7]80")]
    [InlineData("[10.0.0.7]:80")]
    [InlineData("[host]")]
    [InlineData("10.1")]
    [InlineData("7117")]
    [InlineData("10.0.0.256")]
    [InlineData("010.0.0.1")]
    public void Parse_NoPeer_IsAUserErrorThatSaysWhatToGive(string text)
    {
        UserError error = Assert.Throws<UserError>(() => PeerAddressText.Parse(text));
        Assert.StartsWith($"'{text}' is no peer: ", error.Message);
        Assert.Contains("Give HOST", error.Message);
        Assert.Equal(UserError.WrongUsage, error.ExitCode);
    }
}
