using OsCircular.TestKit.Images;
using OsCircular.TestKit.Programs;

namespace OsCircular.SystemTests.Debian;

[Collection("Debian")]
public sealed class BootTests(DebianFixture debian)
{
    [Fact(Timeout = 300_000)]
    public async Task Boot_TwoGuestsOnOneDisk_ReachMultiUser()
    {
        string disk = debian.Agent.DiskOf("debian", "1");
        await using Qemu first = await Qemu.StartAsync(debian.Image, disk, debian.Files);
        await using Qemu second = await Qemu.StartAsync(debian.Image, disk, debian.Files);
        string[] lines = await Task.WhenAll(first.WaitForMultiUserAsync(), second.WaitForMultiUserAsync());
        Assert.All(lines, line => Assert.Contains($"{DebianImage.MultiUserLine} 1", line, StringComparison.Ordinal));
    }
}
