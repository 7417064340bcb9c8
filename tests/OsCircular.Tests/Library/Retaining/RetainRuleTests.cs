using OsCircular.Blocks;
using OsCircular.Indexes;
using OsCircular.Library.Retaining;

namespace OsCircular.Tests.Library.Retaining;

public sealed class RetainRuleTests
{
    private static readonly DateTimeOffset Now = new(2026, 11, 29, 12, 0, 0, TimeSpan.Zero);

    [Fact]
    public void Merge_VersionThatLeft_StandsFirstAndIsNeverLatest()
    {
        Manifest newest = Of(("debian", ["2", "3"], ["1"]));
        Manifest merged = RetainRule.Merge(newest, [new RetainedVersion(ImageName.Parse("debian"), Version("1"))], Now);

        ManifestImage image = merged.Images.Single();
        Assert.Equal(["1", "2", "3"], image.Versions.Select(version => version.Name.ToString()));
        Assert.Equal(Now, image.Versions[0].Retired);
        Assert.Empty(image.Gone);
        Assert.Equal("3", image.Latest!.Name.ToString());
    }

    [Fact]
    public void Merge_ImageThatLeft_IsThereWithoutALatest()
    {
        Manifest merged = RetainRule.Merge(Of(("debian", ["1"], [])), [new RetainedVersion(ImageName.Parse("alpine"), Version("7"))], Now);
        Assert.Equal(["alpine", "debian"], merged.Images.Select(image => image.Name.ToString()));
        Assert.Null(merged.Images[0].Latest);
    }

    [Fact]
    public void Merge_VersionThatTheManifestHas_IsTheManifests()
    {
        Manifest newest = Of(("debian", ["1"], []));
        Assert.Equal(newest.ToBytes(), RetainRule.Merge(newest, [new RetainedVersion(ImageName.Parse("debian"), Version("1"))], Now).ToBytes());
    }

    [Fact]
    public void LeftBehind_Merged_GivesTheRetainedAgain()
    {
        Manifest newest = Of(("debian", ["2"], ["1"]));
        Manifest merged = RetainRule.Merge(newest, [new RetainedVersion(ImageName.Parse("debian"), Version("1"))], Now);

        Assert.Equal("1", Assert.Single(RetainRule.LeftBehind(merged, newest)).Version.Name.ToString());
        Assert.Equal(["1", "2"], RetainRule.LeftBehind(merged, Of(("debian", ["3"], ["1", "2"]))).Select(version => version.Version.Name.ToString()));
        Assert.Empty(RetainRule.LeftBehind(newest, newest));
    }

    private static ManifestVersion Version(string name) => new(VersionName.Parse(name), null, new BlockGeometry(1 << 20, BlockGeometry.MinBlockSize), 0, Now);

    private static Manifest Of(params (string Image, string[] Versions, string[] Gone)[] images) => new(
        new RepositoryId(1), 1, images.Select(image => new ManifestImage(ImageName.Parse(image.Image), [.. image.Versions.Select(Version)], [.. image.Gone.Select(VersionName.Parse)])));
}
