using CsCheck;
using OsCircular.Agent.Serving;

namespace OsCircular.Tests.Agent.Serving;

public sealed class AskedPathTests
{
    private static readonly string[] Parts =
        ["/", "..", ".", "blocks", "head.minisig", "peers", "summary", "?", "since=", "%2e", "%2f", "\\", "ab", "agent", "tmp", "manifests", ".json", "\0", "abcdef0123456789abcdef0123456789abcdef01"];

    [Theory]
    [InlineData("/peers", "Peers", null)]
    [InlineData("/summary", "Summary", null)]
    [InlineData("/summary?since=0011223344556677:9", "Summary", "0011223344556677:9")]
    [InlineData("/head.minisig", "File", null)]
    public void TryParse_OurPaths_AreKnown(string target, string kind, string? since)
    {
        Assert.True(AskedPath.TryParse(target, out AskedPath path));
        Assert.Equal((kind, since), (path.Kind.ToString(), path.Since));
    }

    [Fact]
    public void TryParse_LongSince_IsRefused()
    {
        Assert.True(AskedPath.TryParse("/summary?since=" + new string('a', AskedPath.MaxSinceLength), out _));
        Assert.False(AskedPath.TryParse("/summary?since=" + new string('a', AskedPath.MaxSinceLength + 1), out _));
    }

    [Fact]
    public void TryParse_AnyTarget_NeverLeavesTheRepository() => Gen.OneOf(Gen.String, Gen.OneOf(Parts.Select(Gen.Const).ToArray()).Array[0, 8].Select(string.Concat)).Sample(
        target => !AskedPath.TryParse(target, out AskedPath path)
            || path.Kind != AskedKind.File
            || (target == "/" + path.File.Relative && !path.File.Relative.Contains("..", StringComparison.Ordinal) && !path.File.Relative.Contains('%')),
        time: 2);
}
