using OsCircular.Agent.Configuration;
using OsCircular.Peers.Access;
using OsCircular.TestKit;

namespace OsCircular.Tests.Agent.Configuration;

public sealed class PeerSettingsReaderTests : IDisposable
{
    private readonly TempDirectory _folder = new();
    private readonly SettingLayers _layers = new();
    private readonly List<string> _errors = [];

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Read_NothingSet_IsTheDefaultGroupWithoutAKey()
    {
        PeerSettings settings = Read()!;
        Assert.Empty(_errors);
        Assert.Equal(new PeerGroup(PeerSettings.DefaultGroup).Id, settings.Group.Id);
        Assert.Null(settings.Group.Key);
        Assert.Null(settings.Listen);
        Assert.Empty(settings.Addresses);
        Assert.Empty(settings.Trackers);
        Assert.Empty(settings.Interfaces);
        Assert.True(settings.UploadRate.IsNone);
    }

    [Fact]
    public void Read_EverythingSet_IsAllThere()
    {
        Add("group", "lab");
        Add("group-key", KeyFile("0123456789abcdef"));
        Add("listen", "127.0.0.1:7000");
        Add("peer", "10.0.0.1", "host:99", "[fd00::1]:7");
        Add("tracker", "http://10.0.0.1:6969/announce");
        Add("interface", "eth0", "eth1");
        Add("upload-rate", "20MiB");
        PeerSettings settings = Read()!;
        Assert.Empty(_errors);
        Assert.Equal("lab", settings.Group.Name);
        Assert.NotNull(settings.Group.Key);
        Assert.NotEqual(new PeerGroup("lab").Id, settings.Group.Id);
        Assert.Equal("127.0.0.1:7000", settings.Listen!.ToString());
        Assert.Equal(["10.0.0.1:7117", "host:99", "[fd00::1]:7"], settings.Addresses.Select(peer => peer.ToString()));
        Assert.Single(settings.Trackers);
        Assert.Equal(["eth0", "eth1"], settings.Interfaces);
        Assert.Equal((20L << 20, 20L << 20), settings.UploadRate.Range);
    }

    [Fact]
    public void Read_EverythingWrong_NamesEachInALineAndWhereItStands()
    {
        Add("group", "No Group");
        Add("group-key", _folder["absent"]);
        Add("listen", "7000");
        Add("peer", "http://host/", "host:0", "good");
        Add("tracker", "udp://host/");
        Add("upload-rate", "1KiB");
        Read();
        Assert.Equal(7, _errors.Count);
        Assert.All(_errors, error => Assert.DoesNotContain('\n', error));
        foreach (string option in (string[])["--group:", "--group-key:", "--listen:", "--peer:", "--tracker:", "--upload-rate:"])
            Assert.Contains(_errors, error => error.StartsWith(option, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("short")]
    [InlineData("")]
    public void Read_AKeyThatIsNone_IsOneError(string key)
    {
        Add("group-key", KeyFile(key));
        Add("tracker", "http://10.0.0.1:6969/announce"); // for which the key was meant
        Read();
        Assert.StartsWith("--group-key:", Assert.Single(_errors), StringComparison.Ordinal);
    }

    [Fact]
    public void Read_ATrackerWithoutAKey_IsAnError()
    {
        Add("tracker", "http://10.0.0.1:6969/announce");
        Read();
        Assert.Contains("needs a group key", Assert.Single(_errors), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("fast")]
    [InlineData("65535")]
    [InlineData("-1")]
    public void Read_AnUploadRateThatIsNone_IsAnError(string rate)
    {
        Add("upload-rate", rate);
        Read();
        Assert.Contains(rate, Assert.Single(_errors), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("peer", "10.0.0.1")]
    [InlineData("tracker", "http://10.0.0.1/")]
    [InlineData("interface", "eth0")]
    [InlineData("listen", ":7000")]
    [InlineData("group", "lab")]
    [InlineData("group-key", "/absent")]
    [InlineData("upload-rate", "20MiB")]
    public void Read_PeersOff_WhatIsSetOfThemIsAnError(string name, string value)
    {
        Add(name, value);
        Assert.Null(new PeerSettingsReader(_layers, _errors).Read(on: false));
        Assert.StartsWith($"--{name}: has no meaning while peers are off", Assert.Single(_errors), StringComparison.Ordinal);
    }

    [Fact]
    public void Read_PeersOffAndNothingSet_IsNone()
    {
        Assert.Null(new PeerSettingsReader(_layers, _errors).Read(on: false));
        Assert.Empty(_errors);
    }

    private PeerSettings? Read() => new PeerSettingsReader(_layers, _errors).Read(on: true);

    private void Add(string name, params string[] values) => _layers.AddOption(name, values);

    private string KeyFile(string key)
    {
        File.WriteAllText(_folder["key"], key + "\n");
        return _folder["key"];
    }
}
