using OsCircular.SystemTests.Faults;
using OsCircular.TestKit;
using OsCircular.TestKit.Images;
using OsCircular.TestKit.Programs;

namespace OsCircular.SystemTests.Mounting;

/// <summary>Heads that must not be adopted. A host that already has a good one keeps it; one that has none says why and ends.</summary>
public sealed class BadHeadTests : IAsyncLifetime
{
    private readonly TempDirectory _files = new();
    private SmallRepository _small = null!;

    private TestRepository Repository => _small.Repository;

    public async ValueTask InitializeAsync() => _small = await SmallRepository.CreateAsync(blocks: 8);

    public async ValueTask DisposeAsync()
    {
        await _small.DisposeAsync();
        _files.Dispose();
    }

    [Fact(Timeout = 60_000)]
    public async Task Head_Expired_IsRefused()
    {
        await ForgedHead.SignAsync(Repository, "expires:2020-01-01");
        await AssertMountRefusedAsync("expired");
    }

    [Fact(Timeout = 60_000)]
    public async Task Head_ByAnotherKey_IsRefused()
    {
        using TestRepository other = await TestRepository.CreateAsync();
        await AssertMountRefusedAsync("key", publicKey: other.PublicKey);
    }

    [Fact(Timeout = 60_000)]
    public async Task Head_OfANewerFormat_IsRefused()
    {
        string head = await File.ReadAllTextAsync(Repository.HeadFile);
        await TestProcess.ShellAsync(
            "minisign -S -s \"$1\" -m \"$2\" -x \"$3\" -t \"$4\"", Repository.SecretKey, Repository.ManifestFile(), Repository.HeadFile,
            head.Split('\n').Single(line => line.StartsWith("trusted", StringComparison.Ordinal))["trusted comment: ".Length..].Replace("oscircular:1", "oscircular:2", StringComparison.Ordinal));
        await AssertMountRefusedAsync("newer");
    }

    [Fact(Timeout = 60_000)]
    public async Task Index_Truncated_IsRefused()
    {
        foreach (string page in Directory.GetFiles(Path.Combine(Repository.Folder, "indexes")))
        {
            await using FileStream file = File.OpenWrite(page);
            file.SetLength(file.Length / 2);
        }

        await AssertMountRefusedAsync("index");
    }

    [Fact(Timeout = 60_000)]
    public async Task Head_LowerSequence_IsRefusedWhereTheNewerIsLost()
    {
        byte[] old = await File.ReadAllBytesAsync(Repository.HeadFile);
        await PublishChangedAsync();
        await AdoptAndLoseTheHeadAsync();
        await File.WriteAllBytesAsync(Repository.HeadFile, old);
        await AssertMountRefusedAsync("sequence");
    }

    [Fact(Timeout = 60_000)]
    public async Task Head_SameSequenceOtherDigest_IsRefusedAsAFork()
    {
        await AdoptAndLoseTheHeadAsync();
        await PublishChangedAsync();
        await ForgedHead.SignAsync(Repository, "sequence:1");
        await AssertMountRefusedAsync("sequence 1 with manifest");
    }

    [Fact(Timeout = 60_000)]
    public async Task Head_OfAnotherRepository_IsRefused()
    {
        await AdoptAndLoseTheHeadAsync();
        await ForgedHead.SignAsync(Repository, "repository:0123456789abcdef", "sequence:7");
        await AssertMountRefusedAsync("repository");
    }

    [Fact(Timeout = 60_000)]
    public async Task Head_LowerSequence_LeavesTheAdoptedOneInUse()
    {
        string old = Path.Combine(_small.Files, "old");
        await TestProcess.ShellAsync("cp -r \"$1\" \"$2\"", Repository.Folder, old);
        await PublishChangedAsync();
        await using (MountedAgent agent = await _small.MountAsync([Repository.Folder], _files.Path)) Assert.Equal("2", LatestOf(agent));

        await using MountedAgent again = await _small.MountAsync([old], _files.Path);
        Assert.Equal("2", LatestOf(again));
        await again.Process.WaitForErrorAsync("sequence", TimeSpan.FromSeconds(10));
    }

    private static string LatestOf(MountedAgent agent) => File.ResolveLinkTarget(Path.Combine(agent.Directory, "small", "latest"), returnFinalTarget: false)!.Name;

    private async Task PublishChangedAsync()
    {
        SyntheticImage.Change(_small.Image, seed: 7, 5);
        await Repository.PublishAsync(_small.Image, "small");
    }

    // What a cache is left with when its disk was cleared by hand, all but the agent's own folder.
    private async Task AdoptAndLoseTheHeadAsync()
    {
        await (await _small.MountAsync([Repository.Folder], _files.Path)).DisposeAsync();
        File.Delete(_files["head.minisig"]);
        Directory.Delete(_files["manifests"], recursive: true);
    }

    private async Task AssertMountRefusedAsync(string said, string? publicKey = null)
    {
        string mountPoint = Path.Combine(_small.Files, "mnt");
        Directory.CreateDirectory(mountPoint);
        ProcessResult result = await OsCircularProgram.RunAsync(
            "mount", mountPoint, "--public-key", publicKey ?? Repository.PublicKey, "--cache", _files.Path,
            "--mirror", Repository.Folder, "--start-timeout", "3s");
        Refusal.Assert(result, said);
        Assert.Empty(TestRepository.BlockFiles(_files.Path));
        Assert.Empty(Directory.GetFileSystemEntries(mountPoint));
    }
}
