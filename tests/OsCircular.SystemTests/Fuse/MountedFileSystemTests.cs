using OsCircular.Fuse;
using OsCircular.Fuse.Protocol;
using OsCircular.TestKit;
using OsCircular.TestKit.Fuse;
using OsCircular.TestKit.Programs;

namespace OsCircular.SystemTests.Fuse;

/// <summary>What programs see through the real kernel.</summary>
public sealed class MountedFileSystemTests : IAsyncDisposable
{
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(20);

    private readonly MemoryFileSystem _files = new();
    private readonly TemporaryMount _mount;

    public MountedFileSystemTests() => _mount = new TemporaryMount(_files, new FuseSessionOptions { Threads = 3 });

    public ValueTask DisposeAsync() => _mount.DisposeAsync();

    [Theory]
    [InlineData("dd if=\"$1\" bs=1M status=none | cmp - \"$2\"")]
    [InlineData("dd if=\"$1\" bs=1M iflag=direct status=none | cmp - \"$2\"")]
    [InlineData("dd if=\"$1\" bs=12k iflag=direct status=none | cmp - \"$2\"")]
    [InlineData("python3 -c \"import mmap,os,sys; sys.stdout.buffer.write(mmap.mmap(os.open(sys.argv[1],0),0,prot=1))\" \"$1\" | cmp - \"$2\"")]
    [InlineData("loop=$(losetup -f -r --show \"$1\"); cmp -n 8388608 $loop \"$2\"; losetup -d $loop")]
    public async Task Read_ByAnyWay_GivesTheSameBytes(string command)
    {
        using var folder = new TempDirectory();
        byte[] content = MemoryFileSystem.Content((8 << 20) + 512);
        await File.WriteAllBytesAsync(folder["copy"], content);
        _files.AddFile(_files.Root, "disk.raw", content);
        await TestProcess.ShellAsync(command, _mount.PathOf("disk.raw"), folder["copy"]);
    }

    [Fact]
    public async Task Read_DirectAndLarge_ComesAsOneMebibyte()
    {
        _files.AddFile(_files.Root, "disk.raw", new byte[4 << 20]);
        await TestProcess.ShellAsync("dd if=\"$1\" of=/dev/null bs=1M iflag=direct", _mount.PathOf("disk.raw"));
        Assert.Equal(1 << 20, _files.LongestRead);
    }

    [Fact]
    public async Task Read_OfAFileReadBefore_AsksNothingAgain()
    {
        _files.AddFile(_files.Root, "disk.raw", new byte[1 << 20]);
        await File.ReadAllBytesAsync(_mount.PathOf("disk.raw"));
        long before = _mount.Session.Counters.Of(FuseOpcode.Read);
        await File.ReadAllBytesAsync(_mount.PathOf("disk.raw"));
        Assert.Equal(before, _mount.Session.Counters.Of(FuseOpcode.Read));
    }

    [Fact]
    public async Task Read_ThatFailed_IsAskedAgain()
    {
        MemoryFile file = _files.AddFile(_files.Root, "disk.raw", [1, 2, 3]);
        file.ReadError = FuseError.EIO;
        ProcessResult failed = await TestProcess.RunAsync("cat", [_mount.PathOf("disk.raw")], Soon);
        Assert.Contains("Input/output error", failed.Errors);
        file.ReadError = FuseError.Ok;
        Assert.Equal([1, 2, 3], await File.ReadAllBytesAsync(_mount.PathOf("disk.raw")));
    }

    [Fact]
    public async Task Metadata_OfATree_IsShownByTheUsualPrograms()
    {
        MemoryFile folder = _files.AddDirectory(_files.Root, "7");
        MemoryFile file = _files.AddFile(folder, "disk.raw", new byte[123456]);
        file.ExtendedAttributes["user.oscircular.version"] = "7"u8.ToArray();
        _files.AddLink(_files.Root, "latest", "7");
        string path = _mount.PathOf("latest/disk.raw");

        Assert.Equal($"123456 444 {file.Id} regular file\n", await TestProcess.ShellAsync("stat -c '%s %a %i %F' \"$1\"", path));
        Assert.Equal("7\n", await TestProcess.ShellAsync("readlink \"$1\"", _mount.PathOf("latest")));
        Assert.Equal("7\n", await TestProcess.ShellAsync("getfattr --only-values -n user.oscircular.version \"$1\"", path));
        Assert.Contains("user.oscircular.version=\"7\"", await TestProcess.ShellAsync("getfattr -d --absolute-names \"$1\"", path));
        Assert.Contains("1000", await TestProcess.ShellAsync("df -B4096 --output=size \"$1\"", path));
        Assert.Equal("7\nlatest\n", await TestProcess.ShellAsync("ls \"$1\"", _mount.MountPoint));
        Assert.Contains("fuse.oscircular", await TestProcess.ShellAsync("findmnt -n -o FSTYPE,OPTIONS \"$1\"", _mount.MountPoint));
    }

    [Fact]
    public async Task Directory_OfFiveThousand_IsListedWhole()
    {
        string[] names = [.. Enumerable.Range(0, 5000).Select(i => $"file-{i:d5}")];
        foreach (string name in names) _files.AddFile(_files.Root, name, []);
        Assert.Equal(names, (await TestProcess.ShellAsync("ls \"$1\"", _mount.MountPoint)).Split('\n', StringSplitOptions.RemoveEmptyEntries));
        Assert.Equal("5001\n", await TestProcess.ShellAsync("ls -l \"$1\" | wc -l", _mount.MountPoint));
    }

    [Theory]
    [InlineData("touch \"$1/new\"")]
    [InlineData("rm -f \"$1/disk.raw\"")]
    [InlineData("truncate -s 1 \"$1/disk.raw\"")]
    public async Task AnyChange_IsRefused(string command)
    {
        _files.AddFile(_files.Root, "disk.raw", [1]);
        ProcessResult result = await TestProcess.RunAsync("bash", ["-c", command, "bash", _mount.MountPoint], Soon);
        Assert.NotEqual(0, result.ExitCode);
        Assert.Contains("Read-only file system", result.Errors);
    }

    [Fact]
    public async Task Seek_InASparseFile_FindsDataAndHole()
    {
        MemoryFile file = _files.AddFile(_files.Root, "disk.raw", new byte[1 << 20]);
        file.HoleFrom = 65536;
        const string Program = """
            import os, sys
            f = os.open(sys.argv[1], os.O_RDONLY)
            print(os.lseek(f, 5, os.SEEK_DATA), os.lseek(f, 5, os.SEEK_HOLE), os.lseek(f, 70000, os.SEEK_HOLE))
            try: os.lseek(f, 70000, os.SEEK_DATA)
            except OSError as e: print(e.errno)
            """;
        Assert.Equal("5 65536 70000\n6\n", await TestProcess.ShellAsync("python3 -c \"$2\" \"$1\"", _mount.PathOf("disk.raw"), Program));
    }

    [Fact]
    public async Task Reader_KilledInADirectReadThatWaits_IsGoneAtOnce()
    {
        MemoryFile file = _files.AddFile(_files.Root, "disk.raw", new byte[1 << 20]);
        file.Gate = new Gate();
        await using TestProcess reader = TestProcess.Start("dd", [$"if={_mount.PathOf("disk.raw")}", "of=/dev/null", "bs=1M", "iflag=direct"]);
        await file.Gate.ArrivedAsync();
        reader.Kill();
        await reader.WaitForExitAsync(TimeSpan.FromSeconds(5));
        await file.Gate.InterruptedAsync();
        Assert.Equal(1, _mount.Session.Counters.Interrupted);
        Assert.Equal(0, _mount.Session.Counters.Waiting);
    }

    [Fact]
    public async Task Reader_WaitingForTheNetwork_LeavesTheOthersAlone()
    {
        MemoryFile slow = _files.AddFile(_files.Root, "slow", new byte[1 << 20]);
        byte[] content = MemoryFileSystem.Content(1 << 20);
        _files.AddFile(_files.Root, "fast", content);
        slow.Gate = new Gate();
        Task<byte[]>[] readers = [.. Enumerable.Range(0, 8).Select(_ => Task.Run(() => File.ReadAllBytes(_mount.PathOf("slow"))))];
        await slow.Gate.ArrivedAsync();
        Assert.Equal(content, await File.ReadAllBytesAsync(_mount.PathOf("fast")).WaitAsync(Soon));
        slow.Gate.Open();
        foreach (byte[] read in await Task.WhenAll(readers).WaitAsync(Soon)) Assert.Equal(1 << 20, read.Length);
    }

    [Fact]
    public async Task Metadata_WhileALocalDiskHangs_IsStillAnswered()
    {
        _files.AddFile(_files.Root, "disk.raw", new byte[8 << 20]);
        using var disk = new ManualResetEventSlim();
        using var stalled = new SemaphoreSlim(0);
        _files.Reading = request =>
        {
            if (!request.InlineAllowed) return;
            stalled.Release();
            disk.Wait();
        };
        string[] read = [$"if={_mount.PathOf("disk.raw")}", "of=/dev/null", "bs=1M", "count=1", "iflag=direct"];
        await using TestProcess first = TestProcess.Start("dd", read);
        await using TestProcess second = TestProcess.Start("dd", [.. read, "skip=4"]);
        for (int i = 0; i < 2; i++) Assert.True(await stalled.WaitAsync(Soon));

        ProcessResult listed = await TestProcess.RunAsync("ls", ["-l", _mount.MountPoint], Soon);
        disk.Set();
        Assert.Contains("disk.raw", listed.MustSucceed().Output);
        (await first.WaitForExitAsync(Soon)).MustSucceed();
        (await second.WaitForExitAsync(Soon)).MustSucceed();
    }

    [Fact]
    public async Task InvalidateEntry_OfALinkThatMoved_ShowsTheNewTargetAtOnce()
    {
        _files.AddLink(_files.Root, "latest", "1");
        Assert.Equal("1\n", await TestProcess.ShellAsync("readlink \"$1\"", _mount.PathOf("latest")));
        _files.Root.Children.Remove("latest");
        _files.AddLink(_files.Root, "latest", "2");
        _mount.Session.InvalidateEntry(MemoryFileSystem.RootId, "latest"u8);
        Assert.Equal("2\n", await TestProcess.ShellAsync("readlink \"$1\"", _mount.PathOf("latest")));
        _mount.Session.InvalidateEntry(MemoryFileSystem.RootId, "never seen"u8);
    }

    [Fact]
    public async Task InvalidateInode_OfAFileReadBefore_HasItReadAgain()
    {
        MemoryFile file = _files.AddFile(_files.Root, "disk.raw", [1, 2, 3]);
        await File.ReadAllBytesAsync(_mount.PathOf("disk.raw"));
        file.Content.Span[0] = 9;
        _mount.Session.InvalidateInode(file.Id);
        Assert.Equal([9, 2, 3], await File.ReadAllBytesAsync(_mount.PathOf("disk.raw")));
    }
}
