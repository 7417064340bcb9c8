using System.Globalization;
using OsCircular.TestKit;
using OsCircular.TestKit.Images;
using OsCircular.TestKit.Programs;

namespace OsCircular.SystemTests.Guests;

/// <summary>Guests of several versions at the same time, on one file for each version; newer versions come, and the mirror goes, under them.</summary>
[Collection(InstalledSystemCollection.Name)]
public sealed class SideBySideTests(InstalledSystem system)
{
    private static readonly TimeSpan BootLimit = TimeSpan.FromSeconds(240);
    private static readonly TimeSpan ReadLimit = TimeSpan.FromSeconds(120);
    private static readonly TimeSpan DiskLimit = TimeSpan.FromSeconds(30);

    [Fact(Timeout = 900_000)]
    public async Task Guests_TwoOfEachOfTwoVersions_RunOnWhenALaterOneIsOutAndTheMirrorIsGone()
    {
        using TempDirectory files = new();
        string repository = files["repository"];
        await TestProcess.ShellAsync("cp -a \"$1\" \"$2\"; cp \"$3\" \"$4\"", system.Repository.Folder, repository, system.Repository.SecretKey, files["key"]);
        await using Nginx nginx = await Nginx.StartAsync(repository);
        await using MountedAgent agent = await MountedAgent.StartAsync(system.Repository.PublicKey, [nginx.Url], cache: null, "--refresh", "1s");
        await CommitNextAsync(agent, files, repository, 2);

        await using TestProcess first = Run(agent, files, "first", "small@1", "--overlay", files["first.qcow2"]), second = Run(agent, files, "second", "small@1");
        await using TestProcess third = Run(agent, files, "third", "small@2", "--overlay", files["third.qcow2"]), fourth = Run(agent, files, "fourth", "small");
        TestProcess[] guests = [first, second, third, fourth];
        string[] greetings = await Task.WhenAll(guests.Select(guest => guest.WaitForOutputAsync(InstallerIso.BootedLine, BootLimit)));
        Assert.Equal(["1", "1", "2", "2"], greetings.Select(line => line[line.IndexOf(InstallerIso.BootedLine, StringComparison.Ordinal)..].Split(' ')[1]));
        await Task.WhenAll(guests.Select(guest => guest.WaitForOutputAsync(InstallerIso.ReadLine(1), ReadLimit)));
        string old = agent.DiskOf("small", "1"), newer = agent.DiskOf("small", "2");
        Assert.Equal([old, old, newer, newer], ((string[])["first", "second", "third", "fourth"]).Select(name => DiskReadBy(agent, files[name])));

        // Neither version of theirs is the newest any more.
        await CommitNextAsync(agent, files, repository, 3);
        await Eventually.IsSoAsync(() => new FileInfo(Path.Combine(agent.Directory, "small", "latest")).LinkTarget == "3");
        await ReadOnAsync(guests);

        foreach (string name in (string[])["small@1", "small@2"]) (await OsCircularProgram.RunAsync("fill", name, "--cache", agent.Cache, "--wait")).MustSucceed();
        await nginx.StopAsync();
        foreach (string disk in (string[])[old, newer]) PageCache.Forget(disk);
        long before = await ReadsAsync(agent);
        TestContext.Current.TestOutputHelper?.WriteLine($"files read when the mirror ended: {string.Join(", ", guests.Select(FilesRead))}");
        await ReadOnAsync(guests);
        Assert.True(await ReadsAsync(agent) > before, "the guests read nothing from the mount");

        foreach (TestProcess guest in guests) Assert.DoesNotContain("WRONG", guest.Output, StringComparison.Ordinal);
    }

    private static TestProcess Run(MountedAgent agent, TempDirectory files, string pidFile, string name, params string[] options) =>
        OsCircularProgram.Start(["vm", "run", name, "--mount", agent.Directory, .. InstalledSystem.Machine, .. options, "--", "-pidfile", files[pidFile]]);

    /// <summary>Waits until each has read three more files, and right.</summary>
    private static Task ReadOnAsync(TestProcess[] guests) => Task.WhenAll(guests.Select(guest =>
        guest.WaitForOutputAsync(InstallerIso.ReadLine(FilesRead(guest) + 3), ReadLimit)));

    private static int FilesRead(TestProcess guest) => guest.Output.Split("OSCIRCULAR-READ").Length - 1;

    /// <summary>The one file below the mount that a QEMU has open.</summary>
    private static string DiskReadBy(MountedAgent agent, string pidFile) =>
        Directory.EnumerateFiles($"/proc/{File.ReadAllText(pidFile).Trim()}/fd")
            .Select(descriptor => new FileInfo(descriptor).LinkTarget ?? "")
            .Where(path => path.StartsWith(agent.Directory, StringComparison.Ordinal)).Distinct().Single();

    private static async Task<long> ReadsAsync(MountedAgent agent)
    {
        using System.Text.Json.JsonDocument status = await agent.StatusAsync();
        return status.RootElement.GetProperty("reads").GetProperty("count").GetInt64();
    }

    /// <summary>
    /// Changes the newest version by hand, without a guest, and publishes it as the next: who it says it is, and one of its files. The others are not read, so that they are not
    /// in the cache for that.
    /// </summary>
    private static async Task CommitNextAsync(MountedAgent agent, TempDirectory files, string repository, int number)
    {
        string overlay = files[$"{number}.qcow2"], disk = files[$"{number}.raw"], folder = files.Folder($"{number}");
        await using (TestProcess shown = OsCircularProgram.Start("vm", "disk", "small", "--mount", agent.Directory, "--overlay", overlay, "--at", disk))
        {
            await shown.WaitForOutputAsync($"ready {disk}", DiskLimit);
            await TestProcess.ShellAsync(
                """
                mount -o "loop,offset=$4" "$1" "$2"
                echo "$3" >"$2/etc/oscircular-image"
                head -c 256K /dev/urandom >"$2/data/12"
                cd "$2"
                { grep -v ' data/12$' data.sha256; sha256sum data/12; } >digests
                mv digests data.sha256
                cd /
                umount "$2"
                """,
                disk, folder, number.ToString(CultureInfo.InvariantCulture), InstallerIso.FileSystemOffset.ToString(CultureInfo.InvariantCulture));
            shown.Signal(TestProcess.Terminate);
            (await shown.WaitForExitAsync(DiskLimit)).MustSucceed();
        }

        (await OsCircularProgram.RunAsync("vm", "commit", overlay, "--repository", repository, "--key", files["key"])).MustSucceed();
        await Eventually.IsSoAsync(() => File.Exists(agent.DiskOf("small", number.ToString(CultureInfo.InvariantCulture))));
    }
}
