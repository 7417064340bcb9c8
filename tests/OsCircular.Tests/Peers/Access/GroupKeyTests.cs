using System.Text;
using OsCircular.Blocks;
using OsCircular.Peers.Access;
using OsCircular.TestKit;

namespace OsCircular.Tests.Peers.Access;

public sealed class GroupKeyTests
{
    private const string Secret = "correct horse battery staple";

    // The golden ids, as the golden proofs, were made by another program.
    [Fact]
    public void Id_WithoutAKey_IsTheGoldenOne() => Assert.Equal("c28941661a2a1f706955ae520645e84445991380", new PeerGroup("lab").Id.ToString());

    [Fact]
    public void Id_WithAKey_IsTheGoldenOne() => Assert.Equal("255056c59ce58e887362dddcf0e3d32d01b6f9de", new PeerGroup("lab", Key(Secret)).Id.ToString());

    [Theory]
    [InlineData("\n")]
    [InlineData("\r\n")]
    [InlineData(" \t\v\f\r\n\n")]
    public void Of_WhiteSpaceAtTheEnd_IsNoPartOfTheKey(string end) => Assert.Equal(new PeerGroup("lab", Key(Secret)).Id, new PeerGroup("lab", Key(Secret + end)).Id);

    [Theory]
    [InlineData(" ")]
    [InlineData("\n")]
    public void Of_WhiteSpaceBefore_IsPartOfTheKey(string begin) =>
        Assert.NotEqual(new PeerGroup("lab", Key(Secret)).Id, new PeerGroup("lab", Key(begin + Secret)).Id);

    [Theory]
    [InlineData(16, 0)]
    [InlineData(4096, 0)]
    [InlineData(4096, 4096)]
    public void Of_LengthAtTheLimit_IsTaken(int length, int blanks) => Assert.NotNull(Key(new string('x', length) + new string('\n', blanks)));

    [Theory]
    [InlineData(0, 0, "shorter than 16 bytes")]
    [InlineData(15, 100, "shorter than 16 bytes")]
    [InlineData(4097, 0, "longer than 4096 bytes")]
    [InlineData(4096, 4097, "longer than 4096 bytes")]
    public void Of_LengthPastTheLimit_IsAUserErrorThatNamesFileAndLimit(int length, int blanks, string what)
    {
        UserError error = Assert.Throws<UserError>(() => Key(new string('x', length) + new string('\n', blanks)));
        Assert.Contains(what, error.Message);
        Assert.Contains("/etc/lab.key", error.Message);
        Assert.DoesNotContain('\n', error.Message);
    }

    [Fact]
    public void Read_File_IsTheSameAsItsBytes()
    {
        using var folder = new TempDirectory();
        File.WriteAllText(folder["key"], Secret + "\n");
        Assert.Equal(new PeerGroup("lab", Key(Secret)).Id, new PeerGroup("lab", GroupKey.Read(folder["key"])).Id);
    }

    [Fact]
    public void Read_NoSuchFile_IsAUserErrorThatNamesIt() => Assert.Contains("/nowhere", Assert.Throws<UserError>(() => GroupKey.Read("/nowhere")).Message);

    [Fact]
    public void Read_Folder_IsAUserErrorThatNamesIt() => Assert.Contains("/tmp", Assert.Throws<UserError>(() => GroupKey.Read("/tmp")).Message);

    [Fact]
    public void Read_EndlessFile_EndsWithAUserError() => Assert.Contains("longer", Assert.Throws<UserError>(() => GroupKey.Read("/dev/zero")).Message);

    [Fact]
    public void ToString_OfAKey_SaysNothing() => Assert.Equal("GroupKey", Key(Secret).ToString());

    [Theory]
    [InlineData("a")]
    [InlineData("0")]
    [InlineData("lab-2.east_wing")]
    [InlineData("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa")]
    public void Group_Name_IsTaken(string name) => Assert.Equal(name, new PeerGroup(name).ToString());

    [Theory]
    [InlineData("")]
    [InlineData("-lab")]
    [InlineData(".lab")]
    [InlineData("Lab")]
    [InlineData("lab\n")]
    [InlineData("l b")]
    [InlineData("läb")]
    [InlineData("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa")]
    public void Group_OtherName_IsWrongUsage(string name) => Assert.Equal(UserError.WrongUsage, Assert.Throws<UserError>(() => new PeerGroup(name)).ExitCode);

    private static GroupKey Key(string text) => GroupKey.Of(Encoding.UTF8.GetBytes(text), "/etc/lab.key");
}
