using OsCircular.TestKit;
using OsCircular.TestKit.Images;
using OsCircular.TestKit.Programs;

namespace OsCircular.SystemTests.Faults;

/// <summary>A published image of 64 MiB, where Debian would only cost time.</summary>
public sealed class SmallRepository : IAsyncDisposable
{
    public const int Blocks = 256;

    private readonly TempDirectory _files = new();

    public TestRepository Repository { get; private set; } = null!;
    public string Image => _files["image.raw"];

    /// <summary>A folder for what tests write.</summary>
    public string Files => _files.Path;

    public static async Task<SmallRepository> CreateAsync(int blocks = Blocks, int seed = 1)
    {
        var small = new SmallRepository { Repository = await TestRepository.CreateAsync() };
        SyntheticImage.Write(small.Image, blocks, seed);
        await small.Repository.PublishAsync(small.Image, "small");
        return small;
    }

    /// <summary>An agent on this repository that looks for it in <paramref name="mirrors"/>.</summary>
    public Task<MountedAgent> MountAsync(IEnumerable<string> mirrors, string? cache = null, params IEnumerable<string> options) =>
        MountedAgent.StartAsync(Repository.PublicKey, mirrors, cache, options);

    /// <summary>The same with variables in its environment.</summary>
    public Task<MountedAgent> MountInAsync(IReadOnlyDictionary<string, string?> environment, IEnumerable<string> mirrors, params IEnumerable<string> options) =>
        MountedAgent.StartAsync(
            arguments => OsCircularProgram.Start(environment, arguments),
            Repository.PublicKey,
            cache: null,
            ["--peers", "off", .. mirrors.SelectMany(mirror => (string[])["--mirror", mirror]), .. options]);

    public ValueTask DisposeAsync()
    {
        Repository.Dispose();
        _files.Dispose();
        return ValueTask.CompletedTask;
    }
}
