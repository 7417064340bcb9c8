using OsCircular.Blocks;
using OsCircular.Mirrors;

namespace OsCircular.Tests.Mirrors;

public sealed class MirrorUrlTests
{
    [Theory]
    [InlineData("http://h", "http://h")]
    [InlineData("http://h:8080/a/b/", "http://h:8080/a/b")]
    [InlineData("https://me:secret@h/a", "https://h/a")]
    [InlineData("http://[::1]:80/r", "http://[::1]/r")]
    [InlineData("file:///srv/repo", "/srv/repo")]
    [InlineData("file:///srv/a%20b", "/srv/a b")]
    [InlineData("/srv/a b", "/srv/a b")]
    [InlineData("/srv/50%/c#d?e", "/srv/50%/c#d?e")]
    [InlineData("/srv/a://b", "/srv/a:/b")]
    public void Parse_Mirror_IsNamedWithoutSecrets(string text, string name) => Assert.Equal(name, MirrorUrl.Parse(text).ToString());

    [Fact]
    public void Parse_RelativeFolder_IsTakenFromHere() =>
        Assert.Equal(Path.Combine(Environment.CurrentDirectory, "repo"), MirrorUrl.Parse("repo").ToString());

    [Theory]
    [InlineData("")]
    [InlineData("ftp://h/a")]
    [InlineData("http://")]
    [InlineData("file://host/share")]
    [InlineData("http://h/a?b=c")]
    [InlineData("http://me:secret@h/a?b=c")]
    public void Parse_NoMirror_IsAUserErrorThatSaysWhatToGive(string text)
    {
        UserError error = Assert.Throws<UserError>(() => MirrorUrl.Parse(text));
        Assert.Contains("Give http://", error.Message);
        Assert.DoesNotContain("secret", error.Message);
    }

    [Fact]
    public void Validate_Defaults_AreRight() => Assert.Empty(new MirrorOptions().Validate());

    [Fact]
    public void Validate_SeveralWrong_NamesThemAll()
    {
        IReadOnlyList<string> errors = new MirrorOptions { Connections = 0, HedgeShare = 2, MaxRetryDelay = TimeSpan.Zero, Rest = TimeSpan.Zero }.Validate();
        Assert.Equal(["Connections", "MaxRetryDelay", "Rest", "HedgeShare"], errors.Select(error => error.Split(' ')[1]));
    }
}
