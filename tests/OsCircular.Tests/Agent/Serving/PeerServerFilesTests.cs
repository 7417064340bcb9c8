using System.Net;
using OsCircular.Agent.Serving;
using OsCircular.Blocks;
using OsCircular.Peers;
using OsCircular.TestKit;
using OsCircular.TestKit.Peers;
using static OsCircular.Tests.Agent.Serving.PeerServerRig;

namespace OsCircular.Tests.Agent.Serving;

public sealed class PeerServerFilesTests : IAsyncLifetime
{
    private PeerServerRig _rig = null!;

    public async ValueTask InitializeAsync() => _rig = await StartAsync();

    public ValueTask DisposeAsync() => _rig.DisposeAsync();

    [Fact]
    public async Task Get_HeldBlock_ComesWholeAndIsAccountedToTheAsker()
    {
        RawAnswer answer = await _rig.GetAsync(HeldPath, (PeerHeaders.Peer, Id(1).ToString()));
        Assert.Equal(200, answer.Status);
        Assert.Equal(Held, answer.Body);
        Assert.Equal("public, max-age=31536000, immutable", answer.Header("Cache-Control"));
        await Eventually.IsSoAsync(() => _rig.Server.Status().Answers[PeerAnswer.Given] == 1);
        Assert.Equal([(Id(1), IPAddress.Loopback, 90_000L)], _rig.Desk.SentTo);
        Assert.Equal(90_000, _rig.Server.Status().BytesOut);
        Assert.Equal(0, _rig.Server.Status().Uploads);
        Assert.Empty(_rig.Desk.Checked);
    }

    [Fact]
    public async Task Get_ManyOnOneConnection_AllCome()
    {
        RawConnection connection = await _rig.OpenAsync();
        for (int i = 0; i < 50; i++) Assert.Equal(Held, (await connection.AskAsync("GET", HeldPath)).Body);
    }

    [Fact]
    public async Task Get_Part_ComesAsPart()
    {
        RawAnswer answer = await _rig.GetAsync(HeldPath, ("Range", "bytes=1000-1999"));
        Assert.Equal(206, answer.Status);
        Assert.Equal(Held[1000..2000], answer.Body);
    }

    [Fact]
    public async Task Get_PartOutside_IsNotSatisfiable() => Assert.Equal(416, (await _rig.GetAsync(HeldPath, ("Range", "bytes=90000-"))).Status);

    [Fact]
    public async Task Head_HeldBlock_HasItsLengthAndCountsAsNothingSent()
    {
        RawConnection connection = await _rig.OpenAsync();
        RawAnswer answer = await connection.AskAsync("HEAD", HeldPath);
        Assert.Equal((200, "90000"), (answer.Status, answer.Header("Content-Length")));
        Assert.Equal(404, (await connection.AskAsync("HEAD", AbsentPath, (PeerHeaders.Fetch, "1"), (PeerHeaders.Length, "70000"))).Status);
        Assert.Empty(_rig.Desk.SentTo);
        Assert.Empty(_rig.Desk.Fetches);
    }

    [Fact]
    public async Task Get_HeadUnchanged_IsNotSentAgain()
    {
        RawAnswer first = await _rig.GetAsync("/head.minisig");
        Assert.Equal("head one"u8, first.Body);
        Assert.Equal(304, (await _rig.GetAsync("/head.minisig", ("If-None-Match", first.Header("ETag")!))).Status);
    }

    [Fact]
    public async Task Get_NotHeld_IsMissingAndNobodyIsAskedFor()
    {
        Assert.Equal(404, (await _rig.GetAsync(AbsentPath)).Status);
        Assert.Empty(_rig.Desk.Fetches);
    }

    [Fact]
    public async Task Get_NoCacheAndGood_IsCheckedAndSent()
    {
        Assert.Equal(Held, (await _rig.GetAsync(HeldPath, ("Cache-Control", "no-cache"))).Body);
        Assert.Equal([BlockName.Of(Held)], _rig.Desk.Checked);
    }

    [Fact]
    public async Task Get_NoCacheAndDamaged_IsMissing()
    {
        _rig.Desk.IsGood = _ => false;
        Assert.Equal(404, (await _rig.GetAsync(HeldPath, ("Cache-Control", "no-cache"))).Status);
        Assert.Equal(200, (await _rig.GetAsync(HeldPath)).Status);
    }

    [Fact]
    public async Task Get_UnreadableFile_EndsOnlyItsConnection()
    {
        Directory.CreateDirectory(_rig.Folder[AbsentPath[1..]]);
        RawConnection connection = await _rig.OpenAsync();
        await connection.SendAsync("GET", AbsentPath);
        Assert.True(await connection.IsClosedAsync());
        Assert.Equal(200, (await _rig.GetAsync(HeldPath)).Status);
        await Eventually.IsSoAsync(() => _rig.Server.Status() is { Uploads: 0 } status && status.Answers[PeerAnswer.Failed] == 1);
    }

    [Fact]
    public async Task Get_PartOfThePathIsAFile_IsMissing()
    {
        await File.WriteAllTextAsync(_rig.Folder["indexes"], "no folder");
        Assert.Equal(404, (await _rig.GetAsync("/indexes/" + new string('0', 64))).Status);
    }

    [Theory]
    [InlineData("/")]
    [InlineData("/secret")]
    [InlineData("/agent/trust.json")]
    [InlineData("/blocks/")]
    [InlineData("/blocks/../../etc/passwd")]
    [InlineData("/blocks/../head.minisig")]
    [InlineData("/../../../../etc/passwd")]
    [InlineData("/blocks/%2e%2e/%2e%2e/etc/passwd")]
    [InlineData("/%68ead.minisig")]
    [InlineData("/head.minisig%00")]
    [InlineData("/head.minisig?x=1")]
    [InlineData("/head.minisig/")]
    [InlineData("//head.minisig")]
    [InlineData("/./head.minisig")]
    [InlineData("/blocks\\..\\secret")]
    [InlineData("/peers/")]
    [InlineData("/peers?x=1")]
    [InlineData("/Peers")]
    [InlineData("/summary?since=")]
    [InlineData("/summary?since=a%20b")]
    [InlineData("/summary?since=1&x=2")]
    [InlineData("/summary?until=1")]
    [InlineData("http://x/head.minisig")]
    [InlineData("http://x/secret")]
    public async Task Get_AnyOtherPath_IsRefused(string target)
    {
        RawConnection connection = await _rig.OpenAsync();
        await connection.SendAsync("GET", target);
        RawAnswer answer = (await connection.ReadAsync())!;
        Assert.Contains(answer.Status, (int[])[400, 404]);
        Assert.Empty(answer.Body);
    }

    [Theory]
    [InlineData("PUT")]
    [InlineData("POST")]
    [InlineData("DELETE")]
    [InlineData("PROPFIND")]
    public async Task Send_AnotherMethod_IsNotAllowed(string method)
    {
        RawConnection connection = await _rig.OpenAsync();
        RawAnswer answer = await connection.AskAsync(method, HeldPath);
        Assert.Equal((405, "GET, HEAD"), (answer.Status, answer.Header("Allow")));
        Assert.True(File.Exists(_rig.Folder[HeldPath[1..]]));
    }

    [Fact]
    public async Task Send_Nonsense_EndsOnlyItsConnection()
    {
        RawConnection connection = await _rig.OpenAsync();
        await connection.WriteAsync("BT-SEARCH * nonsense\r\n\r\n\0\0\0");
        Assert.True(await connection.IsClosedAsync());
        Assert.Equal(200, (await _rig.GetAsync(HeldPath)).Status);
    }

    [Fact]
    public async Task Get_UnknownClass_IsMalformed() => Assert.Equal(400, (await _rig.GetAsync(HeldPath, (PeerHeaders.Class, "urgent"))).Status);
}
