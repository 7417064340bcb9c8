using OsCircular.Agent.Guests;

namespace OsCircular.Tests.Agent.Guests;

public sealed class PortForwardTests
{
    [Theory]
    [InlineData("2222:22", "tcp 127.0.0.1 2222 22")]
    [InlineData("0.0.0.0:8080:80", "tcp 0.0.0.0 8080 80")]
    [InlineData("53:5353/udp", "udp 127.0.0.1 53 5353")]
    [InlineData("22", null)]
    [InlineData("0:22", null)]
    [InlineData("22:65536", null)]
    [InlineData("+22:22", null)]
    [InlineData("here:22:22", null)]
    [InlineData("1:2:3:4", null)]
    [InlineData("22:22,guestfwd=x", null)]
    public void TryParse_Cases(string text, string? expected) =>
        Assert.Equal(expected, PortForward.TryParse(text) is { } forward ? $"{forward.Protocol} {forward.Address} {forward.HostPort} {forward.GuestPort}" : null);
}
