using OsCircular.Agent.Serving;

namespace OsCircular.Tests.Agent.Serving;

public sealed class ServedPathTests
{
    private const string Sha1 = "abcdef0123456789abcdef0123456789abcdef01";
    private const string Sha256 = "abcdef0123456789abcdef0123456789abcdef0123456789abcdef0123456789";

    [Theory]
    [InlineData("/head.minisig", null)]
    [InlineData("/manifests/" + Sha256 + ".json", Sha256)]
    [InlineData("/indexes/" + Sha256, Sha256)]
    [InlineData("/profiles/" + Sha256 + ".json", Sha256)]
    [InlineData("/blocks/ab/" + Sha1, Sha1)]
    public void TryParse_PathOfARepository_IsServed(string path, string? tag)
    {
        Assert.True(ServedPath.TryParse(path, out ServedPath served));
        Assert.Equal((path[1..], tag), (served.Relative, served.Tag));
    }

    [Theory]
    [InlineData("")]
    [InlineData("/")]
    [InlineData("head.minisig")]
    [InlineData("/head.minisig/")]
    [InlineData("//head.minisig")]
    [InlineData("/HEAD.minisig")]
    [InlineData("/agent/trust")]
    [InlineData("/manifests")]
    [InlineData("/manifests/" + Sha256)]
    [InlineData("/manifests/../head.minisig")]
    [InlineData("/indexes/" + Sha256 + ".json")]
    [InlineData("/indexes/" + Sha1)]
    [InlineData("/blocks/" + Sha1)]
    [InlineData("/blocks/ac/" + Sha1)]
    [InlineData("/blocks/ab/" + Sha1 + "/")]
    [InlineData("/blocks/ab/ABCDEF0123456789abcdef0123456789abcdef01")]
    [InlineData("/blocks/a/" + Sha1)]
    [InlineData("/blocks//" + Sha1)]
    [InlineData("/blocks/../../etc/passwd")]
    public void TryParse_AnyOtherPath_IsNot(string path) => Assert.False(ServedPath.TryParse(path, out _));
}
