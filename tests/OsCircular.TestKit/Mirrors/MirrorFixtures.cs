using Microsoft.Extensions.Logging.Abstractions;
using OsCircular.Blocks;
using OsCircular.Mirrors;
using OsCircular.Sources;

namespace OsCircular.TestKit.Mirrors;

/// <summary>Mirrors and folders of block files for tests.</summary>
public static class MirrorFixtures
{
    /// <summary>A source over URLs and folders, on the system's clock.</summary>
    public static MirrorSource Over(params string[] urls) => new(
        [.. urls.Select(url => MirrorSource.Open(url, new MirrorOptions(), TimeProvider.System))],
        new MirrorOptions(),
        TimeProvider.System,
        new Random(1),
        new MirrorMetrics(new TestMeters()),
        NullLogger<MirrorSource>.Instance);

    /// <summary>Writes bytes where the block of that name belongs, be they its own or not.</summary>
    public static void WriteBlock(string folder, BlockName name, byte[] bytes)
    {
        string path = Path.Combine(folder, RepositoryPaths.Block(name));
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllBytes(path, bytes);
    }
}
