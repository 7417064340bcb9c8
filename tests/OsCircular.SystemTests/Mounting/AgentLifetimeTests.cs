using OsCircular.SystemTests.Faults;
using OsCircular.SystemTests.Fuse;
using OsCircular.TestKit;
using OsCircular.TestKit.Programs;

namespace OsCircular.SystemTests.Mounting;

/// <summary>How an agent ends and starts again: by signals, by umount, by kill -9; with idle mounts and with files open.</summary>
[Collection(OrdinaryUser.Collection)]
public sealed class AgentLifetimeTests : IAsyncLifetime
{
    private const int HangUp = 1;

    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    private readonly TempDirectory _files = new();
    private SmallRepository _small = null!;

    private string MountPoint => _files["mnt"];
    private string Disk => Path.Combine(MountPoint, "small", "1", "disk.raw");

    public async ValueTask InitializeAsync()
    {
        _files.Folder("mnt");
        _small = await SmallRepository.CreateAsync(blocks: 16);
    }

    public async ValueTask DisposeAsync()
    {
        foreach (string mount in (string[])[MountPoint, _files["home/mnt"]]) await TestProcess.RunAsync("umount", ["-l", "-q", mount], Limit);
        await _small.DisposeAsync();
        _files.Dispose();
    }

    [Theory(Timeout = 60_000)]
    [InlineData(TestProcess.Interrupt)]
    [InlineData(TestProcess.Terminate)]
    [InlineData(HangUp)]
    public async Task Signal_NothingOpen_UnmountsAndEnds(int signal)
    {
        await using TestProcess agent = await StartAsync();

        agent.Signal(signal);

        ProcessResult end = await agent.WaitForExitAsync(Limit);
        Assert.Equal(0, end.ExitCode);
        Assert.False(IsMounted());
    }

    [Fact(Timeout = 60_000)]
    public async Task Umount_ByAnyone_EndsTheAgent()
    {
        await using TestProcess agent = await StartAsync();

        (await TestProcess.RunAsync("umount", [MountPoint], Limit)).MustSucceed();

        Assert.Equal(0, (await agent.WaitForExitAsync(Limit)).ExitCode);
    }

    [Fact(Timeout = 60_000)]
    public async Task Interrupt_FileOpen_IsNamedBusyAndServedOn()
    {
        await using TestProcess agent = await StartAsync();
        await using (TestProcess reader = await HoldOpenAsync())
        {
            agent.Signal(TestProcess.Interrupt);
            Assert.Contains(MountPoint, await agent.WaitForErrorAsync("busy", Limit), StringComparison.Ordinal);
            await TestProcess.ShellAsync("cmp \"$1\" \"$2\"", _small.Image, Disk);
        }

        agent.Signal(TestProcess.Interrupt);
        Assert.Equal(0, (await agent.WaitForExitAsync(Limit)).ExitCode);
    }

    [Fact(Timeout = 60_000)]
    public async Task Terminate_FileOpenAndNobodyKeepsTheMount_LeavesTheTreeAndServesItToTheEnd()
    {
        await using TestProcess agent = await StartAsync("--takeover-time", "0");
        await using (TestProcess reader = await HoldOpenAsync())
        {
            agent.Signal(TestProcess.Terminate);
            await agent.WaitForErrorAsync("taken out of the tree", Limit);
            Assert.False(IsMounted());
            await TestProcess.ShellAsync("cmp \"$1\" \"/proc/$2/fd/7\"", _small.Image, reader.Id.ToString());
            Assert.False(agent.HasExited);
        }

        Assert.Equal(0, (await agent.WaitForExitAsync(Limit)).ExitCode);
    }

    [Fact(Timeout = 60_000)]
    public async Task Killed_NobodyKeepsTheMount_NextCleansTheDeadMountAndServes()
    {
        await using (TestProcess killed = await StartAsync("--takeover-time", "0"))
        {
            killed.Kill();
            await killed.WaitForExitAsync(Limit);
        }

        Assert.True(IsMounted());
        Assert.Contains("not connected", (await TestProcess.RunAsync("stat", [MountPoint], Limit)).Errors, StringComparison.Ordinal);

        await using TestProcess agent = await StartAsync();
        await TestProcess.ShellAsync("cmp \"$1\" \"$2\"", _small.Image, Disk);
        agent.Signal(TestProcess.Terminate);
        Assert.Equal(0, (await agent.WaitForExitAsync(Limit)).ExitCode);
        Assert.False(IsMounted());
    }

    [Fact(Timeout = 60_000)]
    public async Task Mount_AsAnOrdinaryUser_ServesIsTakenOverAndUnmounts()
    {
        string home = _files.Folder("home");
        using OrdinaryUser nobody = new(_files.Path, home);
        await TestProcess.ShellAsync("mkdir $1/mnt $1/run; cp -r $2 $1/repository; cp $3 $1/key.pub; cp $4 $1/image.raw; chmod -R a+rX $1; chown -R 65534:65534 $1; chmod 700 $1/run", home, _small.Repository.Folder, _small.Repository.PublicKey, _small.Image);
        string[] asNobody = ["--default-signal=INT", $"XDG_RUNTIME_DIR={home}/run", "setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"];
        string[] mounting = [.. asNobody, OsCircularProgram.FilePath, "mount", $"{home}/mnt", "--public-key", $"{home}/key.pub", "--cache", $"{home}/cache", "--mirror", $"{home}/repository", "--peers", "off"];
        await using (TestProcess killed = TestProcess.Start("env", mounting))
        {
            await killed.WaitForOutputAsync("ready", Limit);
            killed.Kill();
            await killed.WaitForExitAsync(Limit);
        }

        await using TestProcess agent = TestProcess.Start("env", mounting);
        await agent.WaitForOutputAsync("ready", Limit);

        // Not even root may look into an ordinary user's mount.
        (await TestProcess.RunAsync("env", [.. asNobody, "cmp", $"{home}/image.raw", $"{home}/mnt/small/1/disk.raw"], Limit)).MustSucceed();
        ProcessResult status = (await TestProcess.RunAsync("env", [.. asNobody, OsCircularProgram.FilePath, "status", "--cache", $"{home}/cache"], Limit)).MustSucceed();
        Assert.Contains("generation 2", status.Output, StringComparison.Ordinal);
        (await TestProcess.RunAsync("env", [.. asNobody, "fusermount3", "-u", $"{home}/mnt"], Limit)).MustSucceed();
        Assert.Equal(0, (await agent.WaitForExitAsync(Limit)).ExitCode);
    }

    [Fact(Timeout = 60_000)]
    public async Task Mount_SettingsFromFileAndEnvironment_WorkAsOptionsDo()
    {
        string config = _files["agent.json"];
        await File.WriteAllTextAsync(config, $$"""{ "cache": "{{_files["cache"]}}", "mirror": ["{{_small.Repository.Folder}}"], "refresh": "1s" }""");
        var environment = new Dictionary<string, string?> { ["OSCIRCULAR_PUBLIC_KEY"] = _small.Repository.PublicKey };

        await using TestProcess agent = TestProcess.Start(OsCircularProgram.FilePath, ["mount", MountPoint, "--config", config], environment);
        await agent.WaitForOutputAsync("ready", Limit);

        await TestProcess.ShellAsync("cmp \"$1\" \"$2\"", _small.Image, Disk);
    }

    [Fact(Timeout = 60_000)]
    public async Task Mount_SeveralSettingsWrong_ListsThemAll()
    {
        ProcessResult result = await OsCircularProgram.RunAsync("mount", MountPoint, "--quota", "lots", "--refresh", "0s", "--mirror", "gopher://x/");

        Assert.Equal(2, result.ExitCode);
        string[] lines = result.Errors.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        foreach (string name in (string[])["--quota", "--refresh", "--mirror", "cache is missing", "public-key is missing"])
            Assert.Single(lines, line => line.Contains(name, StringComparison.Ordinal));
    }

    private async Task<TestProcess> StartAsync(params IEnumerable<string> options)
    {
        // A shell that starts the tests in the background has its children ignore SIGINT, and that is inherited.
        TestProcess agent = TestProcess.Start("env", [
            "--default-signal=INT,HUP", OsCircularProgram.FilePath, "mount", MountPoint, "--public-key", _small.Repository.PublicKey,
            "--cache", _files["cache"], "--mirror", _small.Repository.Folder, .. options]);
        await agent.WaitForOutputAsync("ready", Limit);
        return agent;
    }

    /// <summary>A process that has the disk open as descriptor 7 until it is disposed.</summary>
    private async Task<TestProcess> HoldOpenAsync()
    {
        TestProcess reader = TestProcess.Start("bash", ["-c", "exec 7<\"$1\"; echo open; exec sleep 1000", "bash", Disk]);
        await reader.WaitForOutputAsync("open", Limit);
        return reader;
    }

    private bool IsMounted() => File.ReadLines("/proc/self/mountinfo").Any(line => line.Contains($" {MountPoint} ", StringComparison.Ordinal));
}
