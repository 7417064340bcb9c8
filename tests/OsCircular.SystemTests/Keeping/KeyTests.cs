using OsCircular.SystemTests.Faults;
using OsCircular.TestKit;
using OsCircular.TestKit.Images;
using OsCircular.TestKit.Programs;

namespace OsCircular.SystemTests.Keeping;

/// <summary>A publisher's key is followed by the next, while hosts go on.</summary>
public sealed class KeyTests
{
    [Fact(Timeout = 180_000)]
    public async Task Key_AddedThenRevoked_HostsFollowAndRefuseTheOldOne()
    {
        await using SmallRepository small = await SmallRepository.CreateAsync(blocks: 16);
        string second = Path.Combine(small.Files, "second"), repository = small.Repository.Folder, stolen = Path.Combine(small.Files, "stolen");
        (await OsCircularProgram.RunAsync("keygen", "--out", second, "--no-password")).MustSucceed();
        using TempDirectory files = new();
        await using MountedAgent agent = await small.MountAsync([repository], files["cache"], "--refresh", "1s");
        await TestProcess.ShellAsync("cp -r \"$1\" \"$2\"", repository, stolen);

        (await OsCircularProgram.RunAsync("key", "add", second + ".pub", "--repository", repository, "--key", small.Repository.SecretKey)).MustSucceed();
        (await OsCircularProgram.RunAsync("key", "revoke", small.Repository.PublicKey, "--repository", repository, "--key", second)).MustSucceed();
        SyntheticImage.Change(small.Image, seed: 3, 5);
        (await OsCircularProgram.RunAsync("publish", small.Image, "--repository", repository, "--name", "small", "--key", second)).MustSucceed();

        await Eventually.IsSoAsync(() => Directory.Exists(Path.Combine(agent.Directory, "small", "2")));
        await Disk.AssertSameAsync(small.Image, agent.DiskOf("small"));
        Assert.Contains("was revoked", (await OsCircularProgram.RunAsync(small.Repository.PublishArguments(small.Image, "other"))).Errors, StringComparison.Ordinal);
        (await TestProcess.RunAsync("minisign", ["-V", "-m", small.Repository.ManifestFile(), "-x", small.Repository.HeadFile, "-p", second + ".pub"], TimeSpan.FromSeconds(20))).MustSucceed();

        // The thief publishes with what he has; the host is shown that instead, with a higher sequence.
        for (int i = 0; i < 6; i++) (await OsCircularProgram.RunAsync("sign", "--repository", stolen, "--key", small.Repository.SecretKey)).MustSucceed();
        File.Copy(Path.Combine(stolen, "head.minisig"), small.Repository.HeadFile, overwrite: true);
        await Eventually.IsSoAsync(async () => (await OsCircularProgram.RunAsync("status", "--cache", agent.Cache)).Output.Contains("which the publisher revoked", StringComparison.Ordinal));
        await Disk.AssertSameAsync(small.Image, agent.DiskOf("small"));
    }
}
