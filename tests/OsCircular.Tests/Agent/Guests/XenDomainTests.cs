using OsCircular.Agent.Guests;
using OsCircular.Blocks;
using OsCircular.TestKit;
using OsCircular.TestKit.Programs;

namespace OsCircular.Tests.Agent.Guests;

/// <summary>
/// <c>xl create -n</c> needs a running Xen before it reads the file (libxl_ctx_alloc opens /dev/xen/privcmd), so xl's own parser is called: libxlutil, of
/// Debian's libxenmisc.
/// </summary>
public sealed class XenDomainTests
{
    [Fact]
    public async Task ConfigurationOf_Kept_IsReadByXen()
    {
        Dictionary<string, string> read = await ReadAsync(XenDomain.ConfigurationOf(GuestSamples.Kept with { Extra = ["-device", "virtio-balloon-pci", "a 'b'"] }));
        Assert.Equal("debian@1", read["name"]);
        Assert.Equal("hvm", read["type"]);
        Assert.Equal("1024", read["memory"]);
        Assert.Equal("seabios", read["bios"]);
        Assert.Equal("-device|virtio-balloon-pci|a 'b'", read["device_model_args_hvm"]);
        Assert.Equal("model=virtio-net", read["vif"]);
        // As xl's disk parser fills libxl_device_disk: path, vdev, and what it is.
        Assert.Equal("/srv/guest.qcow2 xvda qcow2 writable", read["disk"]);
    }

    [Theory]
    [InlineData("/a,b c.qcow2")]
    [InlineData("/quo\"te.qcow2")]
    public async Task ConfigurationOf_OddPath_IsKeptWhole(string path) =>
        Assert.StartsWith(path + " xvda", (await ReadAsync(XenDomain.ConfigurationOf(GuestSamples.Kept with { Overlay = path })))["disk"], StringComparison.Ordinal);

    [Fact]
    public async Task Xen_SpoiltConfiguration_RefusesIt() => await Assert.ThrowsAsync<InvalidOperationException>(() => ReadAsync(XenDomain.ConfigurationOf(GuestSamples.Kept) + "\nvif = ["));

    [Fact]
    public void ConfigurationOf_WhatXenHasNot_SaysSo()
    {
        Assert.Contains("give --overlay FILE", Assert.Throws<UserError>(() => XenDomain.ConfigurationOf(GuestSamples.ThrownAway)).Message, StringComparison.Ordinal);
        Assert.Contains("forwards no ports", Assert.Throws<UserError>(() => XenDomain.ConfigurationOf(GuestSamples.Rich)).Message, StringComparison.Ordinal);
        Assert.Contains("no way to write", Assert.Throws<UserError>(() => XenDomain.ConfigurationOf(GuestSamples.Kept with { Overlay = "/a\\b" })).Message, StringComparison.Ordinal);
    }

    private static async Task<Dictionary<string, string>> ReadAsync(string configuration)
    {
        using TempDirectory files = new();
        File.WriteAllText(files["guest.cfg"], configuration);
        string script = SourceTree.PathOf("tests/OsCircular.TestKit/Programs/read-xl.py");
        string output = (await TestProcess.RunAsync("python3", [script, files["guest.cfg"]], TimeSpan.FromSeconds(30))).MustSucceed().Output;
        return output.Split('\n', StringSplitOptions.RemoveEmptyEntries).ToDictionary(line => line[..line.IndexOf('=', StringComparison.Ordinal)], line => line[(line.IndexOf('=', StringComparison.Ordinal) + 1)..]);
    }
}
