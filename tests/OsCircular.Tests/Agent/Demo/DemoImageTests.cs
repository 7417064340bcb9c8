using System.Formats.Tar;
using OsCircular.Agent.Demo;
using OsCircular.Agent.Doctor;
using OsCircular.Blocks;
using OsCircular.TestKit;

namespace OsCircular.Tests.Agent.Demo;

public sealed class DemoImageTests : IDisposable
{
    private static readonly Host Bare = Host.This with { FindProgram = _ => null };

    private readonly TempDirectory _files = new();

    public void Dispose() => _files.Dispose();

    [Fact]
    public async Task MakeAsync_NoFileSystemTools_MakesADiskOfRealFilesAllTheSame()
    {
        DemoImage image = new(Bare, _files.Path);

        string kind = await image.MakeAsync(CancellationToken.None);

        Assert.StartsWith("tar", kind, StringComparison.Ordinal);
        await using (TarReader tar = new(File.OpenRead(image.FirstVersion))) Assert.NotNull(await tar.GetNextEntryAsync());
        AssertTwoVersions(image);
    }

    [Fact]
    public async Task MakeAsync_Mke2fsAndDebugfs_MakesAnExt4AndASmallUpdateOfIt()
    {
        DemoImage image = new(Host.This, _files.Path);

        string kind = await image.MakeAsync(CancellationToken.None);

        Assert.Equal("ext4", kind);
        byte[] magic = new byte[2];
        await using (FileStream file = File.OpenRead(image.FirstVersion))
        {
            // The superblock's s_magic, fs/ext4/ext4.h.
            file.Position = 1024 + 0x38;
            await file.ReadExactlyAsync(magic);
        }

        Assert.Equal([0x53, 0xEF], magic);
        AssertTwoVersions(image);
    }

    [Fact]
    public async Task MakeAsync_ToolThatFails_IsNamed()
    {
        DemoImage image = new(Bare with { FindProgram = program => program == "mksquashfs" ? "/bin/false" : null }, _files.Path);
        UserError error = await Assert.ThrowsAsync<UserError>(() => image.MakeAsync(CancellationToken.None));
        Assert.Contains("/bin/false", error.Message, StringComparison.Ordinal);
    }

    private static void AssertTwoVersions(DemoImage image)
    {
        FileInfo first = new(image.FirstVersion), second = new(image.SecondVersion);
        Assert.True(BlockGeometry.IsValidDiskSize(first.Length));
        Assert.True(BlockGeometry.IsValidDiskSize(second.Length));
        Assert.True(first.Length > 10 << 20);
        Assert.False(File.ReadAllBytes(first.FullName).AsSpan().SequenceEqual(File.ReadAllBytes(second.FullName)));
    }
}
