using OsCircular.Fuse;

namespace OsCircular.Tests.Fuse;

public sealed class MountPathTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("oscircular-path-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void Canonical_LinksOnTheWayAndAtTheEnd_AreFollowed()
    {
        Directory.CreateDirectory($"{_folder}/real/mnt");
        File.CreateSymbolicLink($"{_folder}/way", "real");
        File.CreateSymbolicLink($"{_folder}/end", "way/mnt");
        Assert.Equal($"{_folder}/real/mnt", MountPath.Canonical($"{_folder}/end/"));
        Assert.Equal($"{_folder}/real/mnt", MountPath.Canonical($"{_folder}/way/../way/mnt"));
        Assert.Equal("/", MountPath.Canonical("/"));
    }

    [Fact]
    public void Canonical_OfALoop_IsRefused()
    {
        File.CreateSymbolicLink($"{_folder}/a", "b");
        File.CreateSymbolicLink($"{_folder}/b", "a");
        Assert.Contains("too many symbolic links", Assert.Throws<FuseException>(() => MountPath.Canonical($"{_folder}/a")).Message);
    }

    [Fact]
    public void Canonical_WhoseParentIsMissing_SaysHowToCreateIt() =>
        Assert.Contains("mkdir -p", Assert.Throws<FuseException>(() => MountPath.Canonical($"{_folder}/no/where")).Message);
}
