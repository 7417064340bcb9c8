using CsCheck;
using OsCircular.Blocks;
using OsCircular.Indexes;

namespace OsCircular.Tests.Indexes;

public sealed class NamesTests
{
    [Theory]
    [InlineData("debian")]
    [InlineData("0")]
    [InlineData("a.b_c-d")]
    [InlineData("latest2")]
    public void TryParse_AllowedName_IsKept(string text)
    {
        Assert.True(ImageName.TryParse(text, out ImageName image));
        Assert.True(VersionName.TryParse(text, out VersionName version));
        Assert.Equal(text, image.ToString());
        Assert.Equal(text, version.ToString());
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData(".")]
    [InlineData("..")]
    [InlineData("../x")]
    [InlineData("a/b")]
    [InlineData("-a")]
    [InlineData("Debian")]
    [InlineData("a b")]
    [InlineData("a\n")]
    [InlineData("é")]
    [InlineData("latest")]
    public void TryParse_ForbiddenName_IsRefused(string? text)
    {
        Assert.False(ImageName.TryParse(text, out _));
        Assert.False(VersionName.TryParse(text, out _));
    }

    [Fact]
    public void TryParse_Length_IsAtMost64()
    {
        Assert.True(ImageName.TryParse(new string('a', 64), out _));
        Assert.False(ImageName.TryParse(new string('a', 65), out _));
    }

    [Fact]
    public void Parse_ForbiddenName_SaysWhatIsAllowedOnOneLine()
    {
        var error = Assert.Throws<UserError>(() => VersionName.Parse("../x"));
        Assert.Contains("../x", error.Message, StringComparison.Ordinal);
        Assert.Contains("a-z, 0-9", error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', error.Message);
        Assert.Equal(UserError.WrongUsage, error.ExitCode);
    }

    [Fact]
    public void TryParse_AnyText_GivesOnlyNamesThatArePlainFileNames() => Gen.String[Gen.Char["abz09._-/A\0 "], 0, 70].Sample(text =>
    {
        if (!ImageName.TryParse(text, out ImageName name)) return;
        Assert.Equal(text, Path.GetFileName(text));
        Assert.Matches("^[a-z0-9][a-z0-9._-]{0,63}$", name.ToString());
    });

    [Theory]
    [InlineData("debian", "debian@latest")]
    [InlineData("debian@latest", "debian@latest")]
    [InlineData("debian@1.2", "debian@1.2")]
    public void Reference_WellFormed_IsRead(string text, string meaning) => Assert.Equal(meaning, VersionReference.Parse(text).ToString());

    [Theory]
    [InlineData("")]
    [InlineData("@1")]
    [InlineData("debian@")]
    [InlineData("debian@1@2")]
    [InlineData("debian@../1")]
    [InlineData("latest@1")]
    public void Reference_Malformed_IsRefused(string text)
    {
        Assert.False(VersionReference.TryParse(text, out _));
        Assert.Contains(text, Assert.Throws<UserError>(() => VersionReference.Parse(text)).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("0123456789abcdef", true)]
    [InlineData("0123456789ABCDEF", false)]
    [InlineData("123456789abcdef", false)]
    [InlineData("", false)]
    public void RepositoryId_OneSpelling_IsRead(string text, bool good)
    {
        Assert.Equal(good, RepositoryId.TryParse(text, out RepositoryId id));
        Assert.True(!good || id.ToString() == text);
    }

    [Fact]
    public void RepositoryId_Drawn_Differs() => Assert.NotEqual(RepositoryId.Draw(), RepositoryId.Draw());
}
