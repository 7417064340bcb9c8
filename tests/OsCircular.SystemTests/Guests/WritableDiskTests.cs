using OsCircular.TestKit;
using OsCircular.TestKit.Programs;

namespace OsCircular.SystemTests.Guests;

/// <summary>A version as a disk file that can be written to, without a guest.</summary>
public sealed class WritableDiskTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    [Fact(Timeout = 120_000)]
    public async Task Disk_LoopMountedAndKilled_KeepsWhatWasSyncedAndIsCommitted()
    {
        using TempDirectory files = new();
        using TestRepository repository = await TestRepository.CreateAsync();
        await TestProcess.ShellAsync("truncate -s 64M \"$1\" && mkfs.ext4 -q -F \"$1\"", files["image.raw"]);
        await repository.PublishAsync(files["image.raw"], "small");
        await using MountedAgent agent = await MountedAgent.StartAsync(repository.PublicKey, [repository.Folder], cache: null, "--refresh", "1s");
        string folder = files.Folder("mounted"), disk = files["disk.raw"];
        try
        {
            await using TestProcess first = await StartAsync(agent, files, "small");
            await TestProcess.ShellAsync("mount -o loop \"$1\" \"$2\"; seq 100000 >\"$2/kept\"; sync -f \"$2/kept\"", disk, folder);
            // The daemon and the command, both at once: nothing writes anything out any more.
            string daemon = (await TestProcess.ShellAsync("pgrep -P \"$1\"", $"{first.Id}")).Trim();
            await TestProcess.ShellAsync("kill -9 $1 $2", daemon, $"{first.Id}");
            await first.WaitForExitAsync(Limit);
            await TestProcess.ShellAsync("umount -l \"$1\"", folder);

            await using TestProcess second = await StartAsync(agent, files); // it knows its version; what was left mounted is cleared away
            await TestProcess.ShellAsync("mount -o loop \"$1\" \"$2\"; seq 100000 | cmp - \"$2/kept\"; echo more >\"$2/more\"; umount \"$2\"", disk, folder);
            second.Signal(TestProcess.Terminate);
            Assert.Equal(0, (await second.WaitForExitAsync(Limit)).ExitCode);
            (await OsCircularProgram.RunAsync("vm", "commit", files["guest.qcow2"], "--repository", repository.Folder, "--key", repository.SecretKey)).MustSucceed();

            await Eventually.IsSoAsync(() => File.Exists(agent.DiskOf("small", "2")));
            await TestProcess.ShellAsync("mount -o loop,ro \"$1\" \"$2\"; seq 100000 | cmp - \"$2/kept\"; grep -q more \"$2/more\"; umount \"$2\"", agent.DiskOf("small", "2"), folder);
        }
        finally
        {
            await TestProcess.RunAsync("bash", ["-c", "umount -l \"$1\" \"$2\"; true", "bash", folder, disk], Limit);
        }
    }

    [Fact(Timeout = 60_000)]
    public async Task Disk_Unmounted_Ends()
    {
        using TempDirectory files = new();
        using TestRepository repository = await TestRepository.CreateAsync();
        await TestProcess.ShellAsync("truncate -s 1M \"$1\"", files["image.raw"]);
        await repository.PublishAsync(files["image.raw"], "small");
        await using MountedAgent agent = await MountedAgent.StartAsync(repository.PublicKey, [repository.Folder]);
        await using TestProcess disk = await StartAsync(agent, files, "small");
        Assert.Equal(1 << 20, new FileInfo(files["disk.raw"]).Length);
        await TestProcess.ShellAsync("umount \"$1\"", files["disk.raw"]);
        Assert.Equal(0, (await disk.WaitForExitAsync(Limit)).ExitCode);
    }

    private static async Task<TestProcess> StartAsync(MountedAgent agent, TempDirectory files, params string[] name)
    {
        TestProcess process = OsCircularProgram.Start(["vm", "disk", .. name, "--mount", agent.Directory, "--overlay", files["guest.qcow2"], "--at", files["disk.raw"]]);
        await process.WaitForOutputAsync($"ready {files["disk.raw"]}", Limit);
        return process;
    }
}
