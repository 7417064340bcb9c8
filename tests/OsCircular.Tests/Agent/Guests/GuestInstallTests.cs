using OsCircular.Agent.Guests;
using OsCircular.Blocks;
using OsCircular.Indexes;
using OsCircular.TestKit;

namespace OsCircular.Tests.Agent.Guests;

public sealed class GuestInstallTests
{
    [Theory]
    [InlineData(false, false, false, "Keep")]
    [InlineData(false, false, true, "Keep")] // nowhere to publish it to
    [InlineData(false, true, true, "Ask")]
    [InlineData(false, true, false, "Publish")]
    [InlineData(true, true, true, "Publish")]
    [InlineData(true, true, false, "Publish")]
    public void Next_IsAskedOnATerminalOnly(bool told, bool known, bool terminal, string next) => Assert.Equal(next, $"{GuestInstall.Next(told, known, terminal)}");

    [Fact]
    public async Task RunAsync_NoIso_IsNamedAndLeavesNothing()
    {
        using TempDirectory files = new();
        GuestInstallOptions options = new() { Image = ImageName.Parse("debian"), Iso = files["no.iso"], Disk = files["debian.qcow2"], Size = 1 << 20 };
        UserError refused = await Assert.ThrowsAsync<UserError>(
            () => new GuestInstall(line => { }, TimeProvider.System).RunAsync(options, TestContext.Current.CancellationToken));
        Assert.Contains("no.iso: no such ISO", refused.Message, StringComparison.Ordinal);
        Assert.False(File.Exists(files["debian.qcow2"]));
    }
}
