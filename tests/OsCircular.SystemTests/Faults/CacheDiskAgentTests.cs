using System.Text.Json;
using OsCircular.TestKit;
using OsCircular.TestKit.Programs;

namespace OsCircular.SystemTests.Faults;

/// <summary>The cache disk full, read-only, failing, taken out or hanging under a running agent: every byte is right all the while, the status says what is wrong, and when it is over.</summary>
public sealed class CacheDiskAgentTests : IAsyncLifetime
{
    private const int Half = SmallRepository.Blocks / 2;

    // The least memory there is: what was read before is then not answered from there.
    private static readonly string[] Options = ["--memory", "16MiB"];
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    private readonly TempDirectory _files = new();
    private SmallRepository _small = null!;
    private Nginx _mirror = null!;

    public async ValueTask InitializeAsync()
    {
        _small = await SmallRepository.CreateAsync();
        _mirror = await Nginx.StartAsync(_small.Repository.Folder);
    }

    public async ValueTask DisposeAsync()
    {
        await _mirror.DisposeAsync();
        await _small.DisposeAsync();
        _files.Dispose();
    }

    [Fact(Timeout = 180_000)]
    public async Task FullDisk_ReadsGoOnAndItKeepsAgainWhenThereIsRoom()
    {
        await using LoopDisk disk = await LoopDisk.CreateAsync(_files);
        await using MountedAgent agent = await MountAsync(disk.Path);
        await TestProcess.ShellAsync("dd if=/dev/zero of=\"$1/ballast\" bs=1M status=none || true", disk.Path);
        await Disk.AssertSameAsync(_small.Image, agent.DiskOf("small"), 0, Half);
        Assert.Equal("full", await StateAsync(agent));
        Assert.Contains("cache       ", await TextAsync(agent), StringComparison.Ordinal);
        Assert.Contains(": full since ", await TextAsync(agent), StringComparison.Ordinal);

        File.Delete(Path.Combine(disk.Path, "ballast"));
        await Disk.AssertSameAsync(_small.Image, agent.DiskOf("small"), Half, Half);
        await UntilAsync(agent, "ok");
        await ForgetAsync(agent);
        await Disk.AssertSameAsync(_small.Image, agent.DiskOf("small"));
        Assert.NotEmpty(TestRepository.BlockFiles(agent.Cache));
    }

    [Fact(Timeout = 180_000)]
    public async Task ReadOnlyDisk_ReadsGoOnAndItKeepsAgainWhenItIsWritable()
    {
        await using LoopDisk disk = await LoopDisk.CreateAsync(_files);
        await using MountedAgent agent = await MountAsync(disk.Path);
        await Disk.AssertSameAsync(_small.Image, agent.DiskOf("small"), 0, Half);
        int before = TestRepository.BlockFiles(agent.Cache).Length;
        await TestProcess.ShellAsync("mount -o remount,ro \"$1\"", disk.Path);
        await Disk.AssertSameAsync(_small.Image, agent.DiskOf("small"));
        Assert.Equal("readonly", await StateAsync(agent));
        Assert.Contains(": read-only since ", await TextAsync(agent), StringComparison.Ordinal);

        await TestProcess.ShellAsync("mount -o remount,rw \"$1\"", disk.Path);
        await UntilAsync(agent, "ok");
        await ForgetAsync(agent);
        await Disk.AssertSameAsync(_small.Image, agent.DiskOf("small"));
        Assert.True(TestRepository.BlockFiles(agent.Cache).Length > before);
    }

    [Fact(Timeout = 180_000)]
    public async Task FailingDisk_ReadsGoOnAndItIsReadAgainWhenItWorks()
    {
        await using LoopDisk disk = await LoopDisk.CreateAsync(_files);
        await using MountedAgent agent = await MountAsync(disk.Path);
        await Disk.AssertSameAsync(_small.Image, agent.DiskOf("small"));
        string[] held = TestRepository.BlockFiles(agent.Cache);
        await TestProcess.ShellAsync("sync -f \"$1\"", agent.Cache);
        await disk.FailBeyondAsync(1 << 20);
        Forget(agent, held);
        await Disk.AssertSameAsync(_small.Image, agent.DiskOf("small"));
        Assert.Contains(await StateAsync(agent), (string[])["failing", "readonly", "gone"]);

        await disk.FailBeyondAsync(0);
        await UntilAsync(agent, "ok", () =>
        {
            Forget(agent, held);
            return Disk.AssertSameAsync(_small.Image, agent.DiskOf("small"));
        });
        Assert.Equal(0, await FailedReadsAsync(agent));
    }

    [Fact(Timeout = 180_000)]
    public async Task DiskTakenOut_IsLetGoAndTakenUpAgainWithAllItHeld()
    {
        await using LoopDisk disk = await LoopDisk.CreateAsync(_files);
        await using MountedAgent agent = await MountAsync(disk.Path);
        await Disk.AssertSameAsync(_small.Image, agent.DiskOf("small"));
        int held = TestRepository.BlockFiles(agent.Cache).Length;

        await disk.TakeOutAsync();
        await UntilAsync(agent, "gone");
        await Eventually.IsSoAsync(async () => !await disk.IsHeldAsync());
        await ForgetAsync(agent);
        await Disk.AssertSameAsync(_small.Image, agent.DiskOf("small"));
        Assert.Contains(": gone since ", await TextAsync(agent), StringComparison.Ordinal);
        Assert.False(Directory.Exists(agent.Cache), "nobody made a cache on the disk below");

        await disk.PutInAsync();
        await UntilAsync(agent, "ok");
        int requests = BlockRequests();
        await ForgetAsync(agent);
        await Disk.AssertSameAsync(_small.Image, agent.DiskOf("small"));
        using JsonDocument status = await agent.StatusAsync();
        Assert.Equal(held, status.RootElement.GetProperty("cache").GetProperty("blocks").GetInt32());
        Assert.Equal(requests, BlockRequests());
    }

    [Fact(Timeout = 180_000)]
    public async Task FolderRemoved_ReadsGoOnAndItIsMadeAnew()
    {
        await using MountedAgent agent = await MountAsync(_files.Path);
        await Disk.AssertSameAsync(_small.Image, agent.DiskOf("small"), 0, Half);
        await Eventually.IsSoAsync(() => IsRemoved(agent.Cache));
        await ForgetAsync(agent);
        await Disk.AssertSameAsync(_small.Image, agent.DiskOf("small"));
        await Eventually.IsSoAsync(() => Directory.Exists(Path.Combine(agent.Cache, "blocks")));
        await UntilAsync(agent, "ok");
        await ForgetAsync(agent);
        await Disk.AssertSameAsync(_small.Image, agent.DiskOf("small"));
        Assert.NotEmpty(TestRepository.BlockFiles(agent.Cache));
    }

    [Fact(Timeout = 180_000)]
    public async Task HangingDisk_ReadsComeFromElsewhereAndNoThreadStaysStuck()
    {
        await using StoppableDisk disk = await StoppableDisk.CreateAsync(_files);
        await using MountedAgent agent = await MountAsync(disk.Path);
        await Disk.AssertSameAsync(_small.Image, agent.DiskOf("small"));
        int threads = ThreadsOf(agent);
        await ForgetAsync(agent);
        disk.Hang();
        try
        {
            await Disk.AssertSameAsync(_small.Image, agent.DiskOf("small"));
            (await TestProcess.RunAsync("ls", ["-R", agent.Directory], TimeSpan.FromSeconds(5))).MustSucceed();
            Assert.Equal("hanging", await StateAsync(agent));
            Assert.Contains(": hanging since ", await TextAsync(agent), StringComparison.Ordinal);
        }
        finally
        {
            disk.GoOn();
        }

        await UntilAsync(agent, "ok");
        await ForgetAsync(agent);
        await Disk.AssertSameAsync(_small.Image, agent.DiskOf("small"));
        Assert.Equal(0, await FailedReadsAsync(agent));

        // The runtime's own spare threads end at their own pace.
        await Eventually.IsSoAsync(() => ThreadsOf(agent) <= threads + 4);
    }

    [Fact(Timeout = 180_000)]
    public async Task HangingDisk_Offline_IsWaitedFor()
    {
        await using StoppableDisk disk = await StoppableDisk.CreateAsync(_files);
        await using MountedAgent agent = await MountAsync(disk.Path);
        await Disk.AssertSameAsync(_small.Image, agent.DiskOf("small"));
        await ForgetAsync(agent);
        await _mirror.StopAsync();
        disk.Hang();
        await using TestProcess reader = Disk.StartReading(agent.DiskOf("small"), Half + 1);
        try
        {
            await UntilAsync(agent, "hanging");
            Assert.False(reader.HasExited);
        }
        finally
        {
            disk.GoOn();
        }

        (await reader.WaitForExitAsync(Limit)).MustSucceed();
        await Disk.AssertSameAsync(_small.Image, agent.DiskOf("small"));
    }

    [Fact(Timeout = 180_000)]
    public async Task HangingDisk_UnmountsAllTheSame()
    {
        await using StoppableDisk disk = await StoppableDisk.CreateAsync(_files);
        await using MountedAgent agent = await MountAsync(disk.Path);
        await Disk.AssertSameAsync(_small.Image, agent.DiskOf("small"), 0, Half);
        disk.Hang();
        try
        {
            await UntilAsync(agent, "hanging");
            (await TestProcess.RunAsync("umount", [agent.Directory], TimeSpan.FromSeconds(20))).MustSucceed();
            Assert.DoesNotContain(agent.Directory, await File.ReadAllTextAsync("/proc/self/mounts"), StringComparison.Ordinal);
        }
        finally
        {
            disk.GoOn();
        }

        // The kernel keeps a process whose request the disk has begun to answer until it has answered, whatever kills it.
        Assert.Equal(0, (await agent.Process.WaitForExitAsync(Limit)).ExitCode);
    }

    private Task<MountedAgent> MountAsync(string folder) => _small.MountAsync([_mirror.Url], Path.Combine(folder, "cache"), Options);

    private int BlockRequests() => _mirror.Requests().Count(line => line.Contains("/blocks/", StringComparison.Ordinal));

    // Of what the kernel holds, of the disk and of the cache's files. The agent's own memory is smaller than the disk.
    private static async Task ForgetAsync(MountedAgent agent)
    {
        string[] files = [];
        if (Directory.Exists(agent.Cache))
        {
            await TestProcess.ShellAsync("sync -f \"$1\" || true", agent.Cache);
            files = TestRepository.BlockFiles(agent.Cache);
        }

        Forget(agent, files);
    }

    private static void Forget(MountedAgent agent, string[] blockFiles)
    {
        PageCache.Forget(agent.DiskOf("small"));
        foreach (string file in blockFiles)
        {
            try
            {
                PageCache.Forget(file);
            }
            catch (IOException)
            {
                // The disk fails: that is what is tested.
            }
        }
    }

    private static async Task<string> StateAsync(MountedAgent agent)
    {
        using JsonDocument status = await agent.StatusAsync();
        return status.RootElement.GetProperty("cache").GetProperty("state").GetString()!;
    }

    private static async Task<long> FailedReadsAsync(MountedAgent agent)
    {
        using JsonDocument status = await agent.StatusAsync();
        return status.RootElement.GetProperty("reads").GetProperty("failed").GetInt64();
    }

    private static async Task<string> TextAsync(MountedAgent agent) => (await OsCircularProgram.RunAsync("status", "--cache", agent.Cache)).MustSucceed().Output;

    private static Task UntilAsync(MountedAgent agent, string state, Func<Task>? meanwhile = null) => Eventually.IsSoAsync(
        async () =>
        {
            if (await StateAsync(agent) == state) return true;
            if (meanwhile is not null) await meanwhile();
            return false;
        },
        async () => $"the cache is {state}, and not {await StateAsync(agent)}");

    // What is read ahead may still be kept while the folder is emptied.
    private static bool IsRemoved(string folder)
    {
        try
        {
            Directory.Delete(folder, recursive: true);
            return true;
        }
        catch (DirectoryNotFoundException)
        {
            return true;
        }
        catch (IOException)
        {
            return false;
        }
    }

    private static int ThreadsOf(MountedAgent agent) => Directory.GetDirectories($"/proc/{agent.Process.Id}/task").Length;
}
