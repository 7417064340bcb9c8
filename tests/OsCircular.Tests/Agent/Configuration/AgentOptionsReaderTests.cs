using System.Collections;
using OsCircular.Agent.Configuration;
using OsCircular.Blocks;

namespace OsCircular.Tests.Agent.Configuration;

public class AgentOptionsReaderTests
{
    private readonly SettingLayers _layers = new();

    [Fact]
    public void Read_OnlyTheNecessary_TakesTheDefaults()
    {
        AddNecessary();

        AgentOptions options = new AgentOptionsReader(_layers).Read();

        Assert.Equal("/mnt/images", options.MountPoint);
        Assert.Equal(TimeSpan.FromSeconds(60), options.ReadTimeout);
        Assert.Null(options.Quota);
        Assert.Empty(options.Mirrors);
    }

    [Fact]
    public void Read_SeveralErrors_ListsThemAllAndWhereTheyStand()
    {
        _layers.AddOption("quota", ["lots"]);
        _layers.AddEnvironment(new Hashtable { ["OSCIRCULAR_READ_TIMEOUT"] = "0.1s", ["OSCIRCULAR_QUOTE"] = "1GiB" }, AgentOptionsReader.Settings);

        UserError error = Assert.Throws<UserError>(() => new AgentOptionsReader(_layers).Read());

        Assert.Equal(UserError.WrongUsage, error.ExitCode);
        string[] lines = error.Message.Split('\n');
        Assert.Contains(lines, line => line.StartsWith("--quota: 'lots'", StringComparison.Ordinal));
        Assert.Contains(lines, line => line.StartsWith("OSCIRCULAR_READ_TIMEOUT: 0.1s is out of range", StringComparison.Ordinal));
        Assert.Contains(lines, line => line.StartsWith("OSCIRCULAR_QUOTE: there is no setting", StringComparison.Ordinal));
        Assert.Contains(lines, line => line.StartsWith("cache is missing", StringComparison.Ordinal));
        Assert.Equal(6, lines.Length);
    }

    [Fact]
    public void Read_OptionEnvironmentAndFile_TheFirstLayerThatNamesItWins()
    {
        string file = Path.GetTempFileName();
        try
        {
            File.WriteAllText(file, """{ "refresh": "10s", "memory": "32MiB", "mirror": ["http://c.example/"], /* a note */ "quota": 20000000 }""");
            AddNecessary();
            _layers.AddOption("refresh", ["30s"]);
            _layers.AddEnvironment(new Hashtable { ["OSCIRCULAR_REFRESH"] = "20s", ["OSCIRCULAR_MIRROR"] = "http://a.example/ http://b.example/" }, AgentOptionsReader.Settings);
            _layers.AddFile(file, AgentOptionsReader.Settings);

            AgentOptions options = new AgentOptionsReader(_layers).Read();

            Assert.Equal(TimeSpan.FromSeconds(30), options.Refresh);
            Assert.Equal(["http://a.example/", "http://b.example/"], options.Mirrors);
            Assert.Equal(32L << 20, options.Memory);
            Assert.Equal(20_000_000, options.Quota);
        }
        finally
        {
            File.Delete(file);
        }
    }

    [Theory]
    [InlineData("""{ "chache": "/x" }""", "'chache' is not a setting")]
    [InlineData("""{ "quota": ["1GiB", "2GiB"] }""", "'quota' takes one value")]
    [InlineData("""{ "quota": {} }""", "'quota' is a Object")]
    public void Read_FileWithASlip_NamesIt(string text, string expected)
    {
        string file = Path.GetTempFileName();
        try
        {
            File.WriteAllText(file, text);
            AddNecessary();
            _layers.AddFile(file, AgentOptionsReader.Settings);

            UserError error = Assert.Throws<UserError>(() => new AgentOptionsReader(_layers).Read());

            Assert.Contains(expected, error.Message, StringComparison.Ordinal);
        }
        finally
        {
            File.Delete(file);
        }
    }

    [Fact]
    public void AddFile_NoJson_NamesTheLine()
    {
        string file = Path.GetTempFileName();
        try
        {
            File.WriteAllText(file, "{\n  \"quota\": \n}");
            UserError error = Assert.Throws<UserError>(() => _layers.AddFile(file, AgentOptionsReader.Settings));
            Assert.Contains("line 3", error.Message, StringComparison.Ordinal);
        }
        finally
        {
            File.Delete(file);
        }
    }

    [Theory]
    [InlineData(null, 4L << 20)]
    [InlineData("0", 0)]
    [InlineData("64MiB", 64L << 20)]
    public void Read_ScrubRate_IsASizeASecond(string? text, long expected)
    {
        AddNecessary();
        if (text is not null) _layers.AddOption("scrub-rate", [text]);
        Assert.Equal(expected, new AgentOptionsReader(_layers).Read().ScrubRate);
    }

    [Theory]
    [InlineData("ftp://host/")]
    [InlineData("")]
    public void Read_NoMirrorUrl_IsRefused(string mirror)
    {
        AddNecessary();
        _layers.AddOption("mirror", [mirror]);
        Assert.Throws<UserError>(() => new AgentOptionsReader(_layers).Read());
    }

    [Fact]
    public void Read_BadMirrorWithPassword_DoesNotShowIt()
    {
        AddNecessary();
        _layers.AddOption("mirror", ["gopher://user:secret@host/"]);
        UserError error = Assert.Throws<UserError>(() => new AgentOptionsReader(_layers).Read());
        Assert.DoesNotContain("secret", error.Message, StringComparison.Ordinal);
    }

    private void AddNecessary()
    {
        _layers.AddOption("mount-point", ["/mnt/images"]);
        _layers.AddOption("cache", ["/var/cache/oscircular"]);
        _layers.AddOption("public-key", ["RWQf6LRCGA9i53mlYecO4IzT51TGPpvWucNSCh1CBM0QTaLn73Y7GFO3"]);
    }
}
