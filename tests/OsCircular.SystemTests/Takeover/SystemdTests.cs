using Microsoft.Win32.SafeHandles;
using OsCircular.SystemTests.Faults;
using OsCircular.TestKit;
using OsCircular.TestKit.Images;
using OsCircular.TestKit.Programs;

namespace OsCircular.SystemTests.Takeover;

/// <summary>The unit that is shipped, under a real systemd that keeps the connection: killed, restarted, stopped and started.</summary>
public sealed class SystemdTests
{
    private const string Unit = "oscircular@lab";
    private const string MountPoint = "/mnt";

    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    [Fact(Timeout = 180_000)]
    public async Task Unit_KilledRestartedAndStopped_KeepsItsReadersAndComesBack()
    {
        await using SmallRepository small = await SmallRepository.CreateAsync(blocks: 32);
        await using SystemdContainer container = await BootAsync(small);
        string disk = container.Inside(MountPoint + "/small/1/disk.raw"), enough = Path.Combine(small.Files, "enough");
        await StartAsync(container);

        // It holds the disk open all the while, for an agent that is told to end while nobody does unmounts.
        await using TestProcess reader = TestProcess.Start("bash", [
            "-c", "exec 3<\"$2\"; for i in {1..1000}; do [ -e \"$3\" ] && break; cmp \"$1\" <(dd if=\"$2\" iflag=direct bs=256K status=none) || exit; done; echo same $i", "bash", small.Image, disk, enough]);
        for (int kill = 1; kill <= 4; kill++)
        {
            (await container.RunAsync("systemctl", "kill", "-s", "KILL", Unit)).MustSucceed();
            await Eventually.IsSoAsync(async () => await container.ShowAsync(Unit, "NRestarts") == $"{kill}" && await container.ShowAsync(Unit, "ActiveState") == "active", () => JournalAsync(container));
        }

        (await container.RunAsync("systemctl", "restart", Unit)).MustSucceed();
        await File.WriteAllTextAsync(enough, "");
        ProcessResult read = await reader.WaitForExitAsync(Limit);
        Assert.True(read is { ExitCode: 0, Errors: "" } && read.Output.StartsWith("same ", StringComparison.Ordinal), $"{read}\n{await JournalAsync(container)}");
        Assert.Equal("2", await container.ShowAsync(Unit, "NFileDescriptorStore"));

        // Who still has it open when it is stopped gets an error and no eternal wait; the next start mounts anew.
        using (SafeFileHandle open = File.OpenHandle(disk))
        {
            (await container.RunAsync("systemctl", "stop", Unit)).MustSucceed();
            PageCache.Forget(open, 0, 0);
            Assert.ThrowsAny<IOException>(() => RandomAccess.Read(open, new byte[1], 0));
        }

        await StartAsync(container);
        await Disk.AssertSameAsync(small.Image, disk);
        (await container.RunAsync("umount", MountPoint)).MustSucceed();
        await Eventually.IsSoAsync(async () => await container.ShowAsync(Unit, "ActiveState") == "inactive", () => JournalAsync(container));
    }

    private static async Task<SystemdContainer> BootAsync(SmallRepository small)
    {
        DebianImage debian = await DebianImage.GetAsync();
        return await SystemdContainer.BootAsync(
            debian.Version1,
            new Dictionary<string, string>
            {
                ["/usr/share/dotnet"] = SystemdContainer.DotnetFolder,
                ["/opt/oscircular"] = Path.GetDirectoryName(OsCircularProgram.FilePath)!,
                ["/srv/repository"] = small.Repository.Folder,
            },
            new Dictionary<string, string>
            {
                ["/etc/systemd/system/oscircular@.service"] =
                    (await File.ReadAllTextAsync(SourceTree.PathOf("packaging/systemd/oscircular@.service"))).Replace("/usr/bin/oscircular", "/opt/oscircular/oscircular", StringComparison.Ordinal),
                ["/etc/oscircular/key.pub"] = await File.ReadAllTextAsync(small.Repository.PublicKey),
                ["/etc/oscircular/lab.json"] =
                    $$"""{ "mount-point": "{{MountPoint}}", "cache": "/var/cache/oscircular", "public-key": "/etc/oscircular/key.pub", "mirror": ["/srv/repository"], "peers": "off" }""",
            });
    }

    private static async Task StartAsync(SystemdContainer container)
    {
        if ((await container.RunAsync("systemctl", "start", Unit)).ExitCode != 0) Assert.Fail(await JournalAsync(container));
    }

    private static async Task<string> JournalAsync(SystemdContainer container) => (await container.RunAsync("journalctl", "--no-pager", "-n", "40", "-u", Unit)).Output;
}
