using System.Diagnostics;
using System.Text.Json;
using OsCircular.TestKit;
using OsCircular.TestKit.Images;
using OsCircular.TestKit.Programs;

namespace OsCircular.SystemTests.Guests;

/// <summary>A Debian that boots by its own loader: run, changed inside with its own package manager, committed, and run again beside its old state.</summary>
public sealed class GuestTests
{
    private const string Update = """
        cd /run/job
        INITRD=No apt-get -q -y install ./sample.deb ./kernel.deb
        echo 2 >/etc/oscircular-image
        fstrim /
        """;

    private static readonly TimeSpan BootLimit = TimeSpan.FromSeconds(240);
    private static readonly TimeSpan JobLimit = TimeSpan.FromSeconds(400);

    [Fact(Timeout = 900_000)]
    public async Task Guest_UpdatedInside_IsCommittedAndBothVersionsBoot()
    {
        using TempDirectory files = new();
        BootableImage image = await BootableImage.GetAsync();
        using TestRepository repository = await TestRepository.CreateAsync();
        await repository.PublishAsync(image.Disk, "debian");
        await using MountedAgent agent = await MountedAgent.StartAsync(repository.PublicKey, [repository.Folder], cache: null, "--refresh", "1s");

        string job = await BootableImage.MakeJobAsync(files, image.Update, Update);
        await using (TestProcess guest = Run(agent, files, "debian", ["--overlay", files["guest.qcow2"]], ["-no-reboot", "-drive", $"file={job},format=raw,if=virtio,readonly=on"]))
        {
            await guest.WaitForOutputAsync($"{DebianImage.MultiUserLine} 1 ", BootLimit);
            ProcessResult ended = await guest.WaitForExitAsync(JobLimit);
            Assert.Contains("OSCIRCULAR-JOB 0", ended.MustSucceed().Output, StringComparison.Ordinal);
        }

        long began = Stopwatch.GetTimestamp();
        ProcessResult commit = (await OsCircularProgram.RunAsync(
            "vm", "commit", files["guest.qcow2"], "--repository", repository.Folder, "--key", repository.SecretKey, "--json")).MustSucceed();
        TimeSpan took = Stopwatch.GetElapsedTime(began);
        using JsonDocument report = JsonDocument.Parse(commit.Output);
        Assert.Equal("2", report.RootElement.GetProperty("version").GetString());
        long read = report.RootElement.GetProperty("bytesRead").GetInt64(), added = report.RootElement.GetProperty("newStoredBytes").GetInt64();
        TestContext.Current.TestOutputHelper?.WriteLine(
            $"commit: {took.TotalSeconds:F2} s, {read / 1048576.0:F1} MiB read, {added / 1048576.0:F1} MiB added; overlay {new FileInfo(files["guest.qcow2"]).Length / 1048576.0:F1} MiB");
        Assert.InRange(read, 1, 200 << 20); // of a disk of 2 GiB, 350 MiB of them in use

        string disk = agent.DiskOf("debian", "2");
        await Eventually.IsSoAsync(() => File.Exists(disk));
        await TestProcess.ShellAsync("qemu-img compare -q -f raw -F qcow2 \"$1\" \"$2\"", disk, files["guest.qcow2"]);

        string temporary = files.Folder("temporary");
        await using (TestProcess old = Run(agent, files, "debian@1", [], []))
        await using (TestProcess fresh = Run(agent, files, "debian", ["--firmware", "uefi"], []))
        {
            string[] lines = await Task.WhenAll(
                old.WaitForOutputAsync(DebianImage.MultiUserLine, BootLimit), fresh.WaitForOutputAsync(DebianImage.MultiUserLine, BootLimit));
            string[] first = Words(lines[0]), second = Words(lines[1]);
            Assert.Equal(("1", "none"), (first[1], first[3]));
            Assert.Equal(("2", "2.0"), (second[1], second[3]));
            Assert.NotEqual(first[2], second[2]);
            TestContext.Current.TestOutputHelper?.WriteLine($"{lines[0]}\n{lines[1]}");
        }

        Assert.Empty(Directory.EnumerateFileSystemEntries(temporary)); // thrown away means gone, however they ended: they were killed
    }

    [Fact(Timeout = 60_000)]
    public async Task Run_ToldToEnd_EndsQemuAndKeepsTheOverlay()
    {
        using TempDirectory files = new();
        using TestRepository repository = await TestRepository.CreateAsync();
        SyntheticImage.Write(files["image.raw"], 8, 1);
        await repository.PublishAsync(files["image.raw"], "small");
        await using MountedAgent agent = await MountedAgent.StartAsync(repository.PublicKey, [repository.Folder]);
        await using TestProcess guest = Run(agent, files, "small", ["--overlay", files["guest.qcow2"]], ["-pidfile", files["pid"]]);
        await guest.WaitForOutputAsync("Booting from", TimeSpan.FromSeconds(30));
        string qemu = $"/proc/{File.ReadAllText(files["pid"]).Trim()}";
        Assert.True(Directory.Exists(qemu));

        guest.Signal(TestProcess.Terminate);
        await guest.WaitForExitAsync(TimeSpan.FromSeconds(20));

        await Eventually.IsSoAsync(() => !Directory.Exists(qemu));
        ProcessResult printed = (await PrintAsync(agent, files, "qemu", [])).MustSucceed();
        Assert.Contains($"file={files["guest.qcow2"]},format=qcow2", printed.Output, StringComparison.Ordinal);
    }

    [Fact(Timeout = 60_000)]
    public async Task Run_Overlay_RemembersItsVersion()
    {
        using TempDirectory files = new();
        using TestRepository repository = await TestRepository.CreateAsync();
        foreach (int seed in (int[])[1, 2])
        {
            SyntheticImage.Write(files["image.raw"], 8, seed);
            await repository.PublishAsync(files["image.raw"], "small");
        }

        await using MountedAgent agent = await MountedAgent.StartAsync(repository.PublicKey, [repository.Folder]);
        ProcessResult made = (await PrintAsync(agent, files, "xl", ["small@1"])).MustSucceed();
        Assert.Contains($"made {files["guest.qcow2"]}", made.Errors, StringComparison.Ordinal);
        Assert.Contains("name = \"small@1\"", (await PrintAsync(agent, files, "xl", ["small"])).MustSucceed().Output, StringComparison.Ordinal); // not the newest
        ProcessResult other = await PrintAsync(agent, files, "libvirt", ["small@2"]);
        Assert.Equal(1, other.ExitCode);
        Assert.Contains("keeps changes on small@1, and has no use on small@2", other.Errors, StringComparison.Ordinal);

        ProcessResult commit = await OsCircularProgram.RunAsync("vm", "commit", files["guest.qcow2"], "--repository", repository.Folder, "--key", repository.SecretKey);
        Assert.Equal(1, commit.ExitCode);
        Assert.Contains("small@2 is newer: what came with that would be gone", commit.Errors, StringComparison.Ordinal);
    }

    private static Task<ProcessResult> PrintAsync(MountedAgent agent, TempDirectory files, string what, string[] name) =>
        OsCircularProgram.RunAsync(["vm", "run", .. name, "--mount", agent.Directory, "--overlay", files["guest.qcow2"], "--print", what, "--accel", "tcg"]);

    private static TestProcess Run(MountedAgent agent, TempDirectory files, string name, string[] options, string[] extra) => OsCircularProgram.Start(
        // Of what lies in the temporary folder .NET's own sockets, which a killed program leaves, are not meant.
        new Dictionary<string, string?> { ["TMPDIR"] = files.Folder("temporary"), ["DOTNET_EnableDiagnostics"] = "0" },
        ["vm", "run", name, "--mount", agent.Directory, "--accel", "tcg", "--memory", "512MiB", "--cpus", "1", "--console", "serial", .. options, "--", .. extra]);

    // Systemd may have coloured what stands before it.
    private static string[] Words(string line) => line[line.IndexOf(DebianImage.MultiUserLine, StringComparison.Ordinal)..].Trim().Split(' ');
}
