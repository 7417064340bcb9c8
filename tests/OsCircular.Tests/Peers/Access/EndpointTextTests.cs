using System.Net;
using OsCircular.Peers.Access;

namespace OsCircular.Tests.Peers.Access;

public sealed class EndpointTextTests
{
    [Theory]
    [InlineData("10.77.0.3", "10.77.0.3:7117")]
    [InlineData("::ffff:10.77.0.3", "10.77.0.3:7117")]
    [InlineData("fd00::3", "[fd00::3]:7117")]
    [InlineData("FD00:0:0::0003", "[fd00::3]:7117")]
    [InlineData("fe80::1%7", "[fe80::1]:7117")]
    [InlineData("::1", "[::1]:7117")]
    public void Of_Address_HasOneSpelling(string address, string expected) => Assert.Equal(expected, EndpointText.Of(new IPEndPoint(IPAddress.Parse(address), 7117)));
}
