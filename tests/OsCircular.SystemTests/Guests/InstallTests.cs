using OsCircular.TestKit;
using OsCircular.TestKit.Images;
using OsCircular.TestKit.Programs;

namespace OsCircular.SystemTests.Guests;

/// <summary>A system installed from nothing, without a network: published, asked about, kept.</summary>
[Collection(InstalledSystemCollection.Name)]
public sealed class InstallTests(InstalledSystem system)
{
    private static readonly TimeSpan BootLimit = TimeSpan.FromSeconds(240);
    private static readonly TimeSpan EndLimit = TimeSpan.FromSeconds(30);

    [Fact(Timeout = 600_000)]
    public async Task Install_Unattended_IsPublishedAndBoots()
    {
        Assert.Contains(InstallerIso.InstalledLine, system.Result.Output, StringComparison.Ordinal);
        Assert.Contains("published small@1, 256 MiB", system.Result.Output, StringComparison.Ordinal);
        Assert.False(File.Exists(system.Disk));
        await using MountedAgent agent = await MountedAgent.StartAsync(system.Repository.PublicKey, [system.Repository.Folder]);

        await using TestProcess guest = OsCircularProgram.Start(["vm", "run", "small", "--mount", agent.Directory, .. InstalledSystem.Machine]);

        Assert.Contains($"{InstallerIso.BootedLine} 1 ", await guest.WaitForOutputAsync(InstallerIso.BootedLine, BootLimit), StringComparison.Ordinal);
        await guest.WaitForOutputAsync(InstallerIso.ReadLine(1), BootLimit);
    }

    [Fact(Timeout = 300_000)]
    public async Task Install_OnATerminal_AsksAndIsKeptWhereNotWanted()
    {
        using TempDirectory files = new();
        await using TestProcess install = OsCircularProgram.StartOnTerminal([
            .. await InstalledSystem.ArgumentsAsync(files["disk.qcow2"]), "--repository", files["repository"], "--key", system.Repository.SecretKey]);
        await install.WaitForOutputAsync($"Publish it as small in {files["repository"]}? Type y or n.", InstalledSystem.InstallLimit);
        install.Type("maybe\rn\r");
        ProcessResult kept = (await install.WaitForExitAsync(EndLimit)).MustSucceed();
        Assert.Contains("y or n?", kept.Output, StringComparison.Ordinal);
        string byHand = kept.Output.ReplaceLineEndings("\n").Split("to publish it: oscircular ")[1].Trim();
        Assert.Equal($"publish {files["disk.qcow2"]} --repository {files["repository"]} --name small --key {system.Repository.SecretKey}", byHand);

        ProcessResult again = await OsCircularProgram.RunAsync(await InstalledSystem.ArgumentsAsync(files["disk.qcow2"]));
        Assert.Contains("is there already, and is left alone", again.Errors, StringComparison.Ordinal);
        (await OsCircularProgram.RunAsync(byHand.Split(' '))).MustSucceed();
    }

    [Fact(Timeout = 300_000)]
    public async Task Install_ToldToEnd_KeepsWhatWasWrittenAndNothingElse()
    {
        using TempDirectory files = new();
        await using (TestProcess begun = OsCircularProgram.Start(await InstalledSystem.ArgumentsAsync(files["begun.qcow2"])))
        {
            await begun.WaitForOutputAsync("tar -x", BootLimit); // there is a file system by now
            begun.Signal(TestProcess.Terminate);
            ProcessResult ended = await begun.WaitForExitAsync(EndLimit);
            Assert.Equal(1, ended.ExitCode);
            Assert.Contains($"ended before the installer was done; {files["begun.qcow2"]} is kept", ended.Errors, StringComparison.Ordinal);
            Assert.True(File.Exists(files["begun.qcow2"]));
        }

        File.WriteAllBytes(files["no.iso"], new byte[1 << 20]);
        await using TestProcess idle = OsCircularProgram.Start(
            ["vm", "install", "small", "--iso", files["no.iso"], "--size", "64MiB", "--disk", files["idle.qcow2"], .. InstalledSystem.Machine]);
        await idle.WaitForOutputAsync("Booting from", BootLimit);
        idle.Signal(TestProcess.Terminate);
        Assert.Equal(1, (await idle.WaitForExitAsync(EndLimit)).ExitCode);
        Assert.False(File.Exists(files["idle.qcow2"]));
    }

    [Fact(Timeout = 300_000)]
    public async Task Install_GuestStillRunning_IsNotPublished()
    {
        using TempDirectory files = new();
        string disk = files["disk.qcow2"];
        // A QEMU that goes to the background ends at once for whoever started it.
        string[] install =
        [
            "vm", "install", "small", "--iso", await InstallerIso.GetAsync(), "--size", "256MiB", "--disk", disk,
            "--repository", files["repository"], "--key", system.Repository.SecretKey, "--accel", "tcg", "--memory", "256MiB", "--cpus", "1", "--console", "display", "--",
            "-display", "none", "-daemonize", "-pidfile", files["pid"],
        ];
        try
        {
            ProcessResult ended = await OsCircularProgram.RunAsync(install);
            Assert.Equal(1, ended.ExitCode);
            Assert.Contains("in use", ended.Errors, StringComparison.Ordinal);
            Assert.True(File.Exists(disk));
        }
        finally
        {
            if (File.Exists(files["pid"])) await TestProcess.ShellAsync("kill -9 \"$(cat \"$1\")\"", files["pid"]);
        }
    }
}
