using OsCircular.TestKit.Fuse;

namespace OsCircular.SystemTests.Fuse;

public sealed class MountedFileSystemTests
{
    [Fact]
    public async Task Read_WholeFile_GivesItsBytes()
    {
        var files = new MemoryFileSystem();
        byte[] content = MemoryFileSystem.Content(5_000_123);
        files.AddFile(files.Root, "disk.raw", content);
        await using var mount = new TemporaryMount(files);
        byte[] read = await File.ReadAllBytesAsync(mount.PathOf("disk.raw"), TestContext.Current.CancellationToken);
        Assert.True(content.AsSpan().SequenceEqual(read));
    }
}
