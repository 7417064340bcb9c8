using OsCircular.Blocks;
using OsCircular.Peers.Discovery;

namespace OsCircular.Tests.Peers.Discovery;

public sealed class TrackerUrlTests
{
    [Theory]
    [InlineData("http://lab:6969/announce", "http://lab:6969/announce")]
    [InlineData("https://lab/announce.php?passkey=secret", "https://lab/announce.php")]
    [InlineData("http://[fd00::1]:6969/announce", "http://[fd00::1]:6969/announce")]
    public void Parse_Tracker_IsNamedWithoutSecrets(string text, string name) => Assert.Equal(name, TrackerUrl.Parse(text).ToString());

    [Theory]
    [InlineData("")]
    [InlineData("lab")]
    [InlineData("lab:6969")]
    [InlineData("udp://lab:6969")]
    [InlineData("udp://me:secret@lab:6969?a=secret")]
    [InlineData("http://me:secret@lab/announce")]
    [InlineData("http://lab/announce?key=secret#here")]
    public void Parse_NoTracker_IsAUserErrorThatSaysWhatToGive(string text)
    {
        UserError error = Assert.Throws<UserError>(() => TrackerUrl.Parse(text));
        Assert.Contains("Give http://HOST:PORT/announce", error.Message);
        Assert.DoesNotContain("secret", error.Message);
        Assert.Equal(UserError.WrongUsage, error.ExitCode);
    }
}
