using OsCircular.SystemTests.Faults;
using OsCircular.TestKit;
using OsCircular.TestKit.Programs;

namespace OsCircular.SystemTests.Mounting;

/// <summary>What a user may get wrong when mounting: one line that says what to do, a non-zero exit, and nothing damaged.</summary>
public sealed class BadMountTests : IAsyncLifetime
{
    private readonly TempDirectory _files = new();
    private SmallRepository _small = null!;

    public async ValueTask InitializeAsync() => _small = await SmallRepository.CreateAsync(blocks: 8);

    public async ValueTask DisposeAsync()
    {
        await _small.DisposeAsync();
        _files.Dispose();
    }

    [Fact(Timeout = 60_000)]
    public async Task MountPoint_NotThere_IsNamed() => Refusal.Assert(await MountAsync(_files["nowhere"]), _files["nowhere"]);

    [Fact(Timeout = 60_000)]
    public async Task MountPoint_NotEmpty_IsNamedAndLeft()
    {
        string folder = _files.Folder("full");
        await File.WriteAllTextAsync(Path.Combine(folder, "file"), "kept");
        Refusal.Assert(await MountAsync(folder), folder);
        Assert.Equal("kept", await File.ReadAllTextAsync(Path.Combine(folder, "file")));
    }

    [Fact(Timeout = 60_000)]
    public async Task Cache_InUse_IsNamedAndTheOtherAgentGoesOn()
    {
        await using MountedAgent agent = await _small.MountAsync([_small.Repository.Folder]);
        Refusal.Assert(await MountAsync(_files.Folder("mnt"), agent.Cache), agent.Cache);
        await Disk.AssertSameAsync(_small.Image, agent.DiskOf("small"));
    }

    [Fact(Timeout = 60_000)]
    public async Task PublicKey_NotThere_IsNamed() => Refusal.Assert(await MountAsync(_files.Folder("mnt"), publicKey: _files["no.pub"]), "no.pub");

    [Fact(Timeout = 60_000)]
    public async Task Mirror_Unreachable_IsNamed() =>
        Refusal.Assert(await MountAsync(_files.Folder("mnt"), mirror: $"http://127.0.0.1:{LoopbackPort.Free()}"), "127.0.0.1");

    [Fact(Timeout = 60_000)]
    public async Task Option_Unknown_IsWrongUsage() =>
        Assert.Equal(2, (await OsCircularProgram.RunAsync("mount", _files.Folder("mnt"), "--no-such-option")).ExitCode);

    [Fact(Timeout = 60_000)]
    public async Task Overlay_Asked_IsToldWhereItIs()
    {
        ProcessResult refused = await OsCircularProgram.RunAsync("mount", _files.Folder("mnt"), "--overlay", _files["changes"]);
        Assert.Equal(2, refused.ExitCode);
        Assert.Contains("oscircular vm disk NAME --mount DIR --overlay FILE --at PATH", Assert.Single(refused.Errors.TrimEnd().Split('\n')), StringComparison.Ordinal);
    }

    private Task<ProcessResult> MountAsync(string mountPoint, string? cache = null, string? publicKey = null, string? mirror = null) => OsCircularProgram.RunAsync(
        "mount", mountPoint, "--public-key", publicKey ?? _small.Repository.PublicKey, "--cache", cache ?? _files.Folder("cache"),
        "--mirror", mirror ?? _small.Repository.Folder, "--start-timeout", "3s");
}
