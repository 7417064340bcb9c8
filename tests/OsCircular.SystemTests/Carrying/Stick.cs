using OsCircular.SystemTests.Faults;
using OsCircular.TestKit;
using OsCircular.TestKit.Images;
using OsCircular.TestKit.Programs;

namespace OsCircular.SystemTests.Carrying;

/// <summary>A publisher with an image, and the stick on which it is carried to where there is no network: a folder for exports.</summary>
internal sealed class Stick : IAsyncDisposable
{
    private readonly TempDirectory _files = new();

    private Stick(SmallRepository small) => Small = small;

    public SmallRepository Small { get; }
    public TestRepository Repository => Small.Repository;
    public string PublicKey => Repository.PublicKey;

    public string this[string name] => _files[name];

    public static async Task<Stick> CreateAsync(int blocks = 64) => new(await SmallRepository.CreateAsync(blocks));

    /// <summary>An image with some blocks changed, published as the next version.</summary>
    public async Task<string> PublishNextAsync(params IEnumerable<int> changed)
    {
        string next = this["next.raw"];
        File.Copy(Small.Image, next, overwrite: true);
        SyntheticImage.Change(next, seed: 9, changed);
        await Repository.PublishAsync(next, "small");
        return next;
    }

    /// <summary>Exports from the repository, and returns the file.</summary>
    public async Task<string> ExportAsync(string name, params IEnumerable<string> more)
    {
        (await TryExportAsync(name, more)).MustSucceed();
        return this[name];
    }

    public Task<ProcessResult> TryExportAsync(string name, params IEnumerable<string> more) =>
        OsCircularProgram.RunAsync(["export", this[name], "--repository", Repository.Folder, "--public-key", PublicKey, .. more]);

    public Task<ProcessResult> ImportAsync(string file, string cache, params IEnumerable<string> more) =>
        OsCircularProgram.RunAsync(["import", file, "--cache", this[cache], "--public-key", PublicKey, .. more]);

    /// <summary>Mounts with nothing but what the cache holds, and compares every byte.</summary>
    public async Task AssertServesAsync(string cache, string? image = null, string version = "latest")
    {
        await using MountedAgent agent = await Small.MountAsync([], this[cache], "--read-timeout", "4s");
        await Disk.AssertSameAsync(image ?? Small.Image, agent.DiskOf("small", version));
    }

    public async ValueTask DisposeAsync()
    {
        await Small.DisposeAsync();
        _files.Dispose();
    }
}
