using OsCircular.Agent.Guests;
using OsCircular.Blocks;
using OsCircular.Indexes;
using OsCircular.TestKit;

namespace OsCircular.Tests.Agent.Guests;

public sealed class OfferedVersionTests
{
    [Fact]
    public void AllOf_Mount_ListsByImageNewestFirst()
    {
        using TempDirectory mount = Mount();
        Assert.Equal(["debian@10", "debian@9", "other@1"], OfferedVersion.AllOf(mount.Path).Select(one => $"{one.Reference}"));
        Assert.Equal([true, false, true], OfferedVersion.AllOf(mount.Path).Select(one => one.Latest));
    }

    [Theory]
    [InlineData("debian", "debian/10/disk.raw")] // by its version: latest moves on under a guest
    [InlineData("debian@latest", "debian/10/disk.raw")]
    [InlineData("debian@9", "debian/9/disk.raw")]
    public void Find_Named(string name, string disk)
    {
        using TempDirectory mount = Mount();
        Assert.Equal(mount[disk], OfferedVersion.Find(OfferedVersion.AllOf(mount.Path), VersionReference.Parse(name)).DiskPath);
    }

    [Fact]
    public void Find_Unknown_SaysWhatThereIs()
    {
        using TempDirectory mount = Mount();
        UserError error = Assert.Throws<UserError>(() => OfferedVersion.Find(OfferedVersion.AllOf(mount.Path), VersionReference.Parse("debian@3")));
        Assert.Equal("debian@3 is not mounted; there is debian@10, debian@9, other@1", error.Message);
    }

    [Fact]
    public void AllOf_NoMount_SaysHowToMount()
    {
        using TempDirectory folder = new();
        Assert.Contains("oscircular mount", Assert.Throws<UserError>(() => OfferedVersion.AllOf(folder.Path)).Message, StringComparison.Ordinal);
        Assert.Contains("oscircular mount", Assert.Throws<UserError>(() => OfferedVersion.AllOf(folder["nowhere"])).Message, StringComparison.Ordinal);
    }

    private static TempDirectory Mount()
    {
        TempDirectory mount = new();
        foreach (string version in (string[])["debian/9", "debian/10", "other/1", "lost+found/1"]) File.WriteAllText(Path.Combine(mount.Folder(version), "disk.raw"), "");
        Directory.CreateSymbolicLink(mount["debian/latest"], "10");
        Directory.CreateSymbolicLink(mount["other/latest"], "1");
        return mount;
    }
}
