using System.Runtime.InteropServices;
using Microsoft.Extensions.Logging.Abstractions;
using OsCircular.Fuse;
using OsCircular.TestKit;
using OsCircular.TestKit.Fuse;
using OsCircular.TestKit.Programs;

namespace OsCircular.SystemTests.Fuse;

/// <summary>Mounting, unmounting, and what others left at the mount point.</summary>
[Collection(OrdinaryUser.Collection)]
public sealed class FuseMountTests : IDisposable
{
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(20);

    private readonly TempDirectory _folder = new();
    private readonly MemoryFileSystem _files = new();
    private readonly string _mountPoint;

    public FuseMountTests()
    {
        _mountPoint = _folder.Folder("a mount");
        _files.AddFile(_files.Root, "disk.raw", [1, 2, 3]);
    }

    public void Dispose()
    {
        while (MountTable.At(_mountPoint).Count > 0) Assert.Equal(0, umount2(_mountPoint, 2));
        _folder.Dispose();
    }

    [Fact]
    public async Task Mount_OverDeadMountsOfOurs_DetachesThemAll()
    {
        for (int i = 0; i < 3; i++) LeaveDeadMount();
        Assert.Equal(3, MountTable.At(_mountPoint).Count);
        Assert.Equal(MountPointState.Dead, StaleMount.Recognise(_mountPoint));
        using FuseMount mount = Mount();
        await using FuseSession session = Serve(mount);
        Assert.Single(MountTable.At(_mountPoint));
        Assert.Equal([1, 2, 3], await File.ReadAllBytesAsync(Path.Combine(_mountPoint, "disk.raw")));
        UnmountUnused(mount);
    }

    [Fact]
    public async Task Mount_WhereALiveAgentServes_IsRefusedAndDoesNoHarm()
    {
        using FuseMount mount = Mount();
        await using FuseSession session = Serve(mount);
        Assert.Contains("already serves", Assert.Throws<FuseException>(Mount).Message);
        Assert.Equal([1, 2, 3], await File.ReadAllBytesAsync(Path.Combine(_mountPoint, "disk.raw")));
        UnmountUnused(mount);
    }

    [Fact]
    public void Mount_WhereAnAgentIsSilent_IsRefusedInTime()
    {
        using FuseMount mount = Mount();
        Assert.Contains("does not answer", Assert.Throws<FuseException>(Mount).Message);
        mount.Detach();
        Assert.False(mount.IsMounted);
    }

    [Fact]
    public async Task Mount_OverAnotherFileSystem_IsRefused()
    {
        await TestProcess.ShellAsync("mount -t tmpfs none \"$1\"", _mountPoint);
        Assert.Contains("another file system", Assert.Throws<FuseException>(Mount).Message);
        Assert.Equal("tmpfs", Assert.Single(MountTable.At(_mountPoint)).FileSystemType);
    }

    [Fact]
    public void Mount_OnWhatIsNoEmptyDirectory_SaysWhatToDo()
    {
        File.WriteAllText(_folder["file"], "");
        File.WriteAllText(Path.Combine(_folder.Folder("full"), "x"), "");
        Assert.Contains("not empty", Refusal("full"));
        Assert.Contains("mkdir -p", Refusal("missing"));
        Assert.Contains("mkdir -p", Refusal("missing/below"));
        Assert.Contains("choose an empty directory", Refusal("file"));

        string Refusal(string name) =>
            Assert.Throws<FuseException>(() => FuseMount.Mount(new FuseMountOptions { MountPoint = _folder[name] }, NullLogger<FuseMount>.Instance)).Message;
    }

    [Fact]
    public async Task Mount_AsRoot_RaisesTheKernelsReadAhead()
    {
        using FuseMount mount = Mount();
        await using FuseSession session = Serve(mount);
        await session.Connected.WaitAsync(Soon);
        Assert.Equal("2048\n", await File.ReadAllTextAsync($"/sys/class/bdi/{MountTable.At(_mountPoint)[^1].Device}/read_ahead_kb"));
        UnmountUnused(mount);
    }

    [Fact]
    public async Task Unmount_WhileAFileIsOpen_SaysBusyAndLeavesItServed()
    {
        using FuseMount mount = Mount();
        await using FuseSession session = Serve(mount);
        await using (FileStream open = File.OpenRead(Path.Combine(_mountPoint, "disk.raw")))
        {
            Assert.Contains($"{_mountPoint} is busy", Assert.Throws<FuseException>(() => mount.Unmount()).Message);
            Assert.Equal(1, open.ReadByte());
        }

        UnmountUnused(mount);
        Assert.False(mount.Unmount());
        Assert.Equal(FuseSessionEndReason.Unmounted, (await session.Completion.WaitAsync(Soon)).Reason);
    }

    [Fact]
    public async Task Detach_WhileAFileIsOpen_ServesItToItsEnd()
    {
        using FuseMount mount = Mount();
        await using FuseSession session = Serve(mount);
        await using (FileStream open = File.OpenRead(Path.Combine(_mountPoint, "disk.raw")))
        {
            mount.Detach();
            Assert.Empty(Directory.EnumerateFileSystemEntries(_mountPoint));
            Assert.Equal(1, open.ReadByte());
            Assert.False(session.Completion.IsCompleted);
        }

        Assert.Equal(FuseSessionEndReason.Unmounted, (await session.Completion.WaitAsync(Soon)).Reason);
    }

    [Theory]
    [InlineData("umount")]
    [InlineData("fusermount3 -u")]
    public async Task Session_UnmountedByAnotherProgram_Ends(string command)
    {
        using FuseMount mount = Mount();
        await using FuseSession session = Serve(mount);
        await TestProcess.ShellAsync($"ls \"$1\" && {command} \"$1\"", _mountPoint);
        Assert.Equal(FuseSessionEndReason.Unmounted, (await session.Completion.WaitAsync(Soon)).Reason);
    }

    [Fact]
    public async Task Session_ReplacedWhileMounted_ServesOpenFilesOn()
    {
        using FuseMount mount = Mount();
        await using FuseSession first = Serve(mount);
        string path = Path.Combine(_mountPoint, "disk.raw");
        await using FileStream open = File.OpenRead(path);
        Assert.Equal(1, open.ReadByte());
        await first.StopAsync(Soon);

        Task<byte[]> waiting = Task.Run(() => File.ReadAllBytes(path));
        await using FuseSession second = Serve(mount, new FuseSessionOptions { Negotiated = await first.Connected });
        Assert.Equal([1, 2, 3], await waiting.WaitAsync(Soon));
        open.Dispose();
        UnmountUnused(mount);
    }

    /// <summary>An ordinary user's mount through the real fusermount3, made on a thread that has given up root for good.</summary>
    [Fact]
    public async Task Mount_AsAnOrdinaryUser_WorksThroughFusermount()
    {
        using var user = new OrdinaryUser(_folder.Path, _mountPoint);
        await user.RunAsync(() =>
        {
            string refusal = Assert.Throws<FuseException>(() => FuseMount.Mount(Options(allowOther: true), NullLogger<FuseMount>.Instance)).Message;
            Assert.Contains("user_allow_other", refusal);
            LeaveDeadMountOfUser();

            using FuseMount mount = FuseMount.Mount(Options(), NullLogger<FuseMount>.Instance);
            FuseSession session = Serve(mount);
            Assert.Equal("a,source", MountTable.At(_mountPoint)[^1].Source);
            Assert.Equal([1, 2, 3], File.ReadAllBytes(Path.Combine(_mountPoint, "disk.raw")));
            using (File.OpenRead(Path.Combine(_mountPoint, "disk.raw")))
            {
                Assert.Contains("busy", Assert.Throws<FuseException>(() => mount.Unmount()).Message);
            }

            UnmountUnused(mount);
            Assert.Equal(FuseSessionEndReason.Unmounted, session.Completion.WaitAsync(Soon).GetAwaiter().GetResult().Reason);
        });

        void LeaveDeadMountOfUser()
        {
            FuseMount.Mount(Options(), NullLogger<FuseMount>.Instance).Dispose();
            Assert.Equal(MountPointState.Dead, StaleMount.Recognise(_mountPoint));
        }
    }

    private FuseMountOptions Options(bool allowOther = false) => new() { MountPoint = _mountPoint, Source = "a,source", AllowOther = allowOther };

    private FuseMount Mount() => FuseMount.Mount(Options(), NullLogger<FuseMount>.Instance);

    private FuseSession Serve(FuseMount mount, FuseSessionOptions? options = null)
    {
        var session = new FuseSession(mount.Device, _files, options ?? new FuseSessionOptions(), NullLogger<FuseSession>.Instance, TimeProvider.System);
        session.Start();
        return session;
    }

    /// <summary>
    /// Another test's program that is just being started has a copy of every descriptor of this process until its exec, so a file closed here may be in use
    /// for a moment more.
    /// </summary>
    private static void UnmountUnused(FuseMount mount)
    {
        for (int attempt = 1; ; attempt++)
        {
            try
            {
                Assert.True(mount.Unmount());
                return;
            }
            catch (FuseException busy) when (busy.Message.Contains("busy") && attempt < 200)
            {
                Thread.Sleep(10);
            }
        }
    }

    /// <summary>What a killed agent leaves: a mount whose /dev/fuse nobody has open.</summary>
    private void LeaveDeadMount()
    {
        int device = open("/dev/fuse", 2);
        Assert.True(device >= 0);
        Assert.Equal(0, mount("oscircular", _mountPoint, "fuse.oscircular", 1, $"fd={device},rootmode=40000,user_id=0,group_id=0"));
        Assert.Equal(0, close(device));
    }

    [DllImport("libc")]
    private static extern int open(string path, int flags);

    [DllImport("libc")]
    private static extern int close(int descriptor);

    [DllImport("libc")]
    private static extern int mount(string source, string target, string type, ulong flags, string data);

    [DllImport("libc")]
    private static extern int umount2(string target, int flags);
}
