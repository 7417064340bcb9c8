using Microsoft.Extensions.Logging.Abstractions;
using OsCircular.Agent.Serving;
using OsCircular.Blocks;
using OsCircular.Mirrors;
using OsCircular.Sources;
using OsCircular.TestKit;
using OsCircular.TestKit.Mirrors;
using OsCircular.TestKit.Programs;
using OsCircular.TestKit.Sources;

namespace OsCircular.SystemTests.Serving;

public sealed class MirrorServerCurlTests : IAsyncLifetime
{
    private static readonly byte[] TheBlock = TestBlocks.Make(1, 1_000_000);
    private static readonly string BlockPath = RepositoryPaths.Block(BlockName.Of(TheBlock));
    private readonly TempDirectory _folder = new();
    private readonly TempDirectory _out = new();
    private MirrorServer? _server;

    public async ValueTask InitializeAsync()
    {
        MirrorFixtures.WriteBlock(_folder.Path, BlockName.Of(TheBlock), TheBlock);
        await File.WriteAllTextAsync(_folder["head.minisig"], "head one");
        _server = await MirrorServer.StartAsync(_folder.Path, ListenAddress.Parse("[::1]:0"), new MirrorServerOptions(), NullLoggerFactory.Instance, default);
    }

    public async ValueTask DisposeAsync()
    {
        if (_server is not null) await _server.DisposeAsync();
        _folder.Dispose();
        _out.Dispose();
    }

    [Theory(Timeout = 60_000)]
    [InlineData("0-0", 0, 1)]
    [InlineData("999999-", 999_999, 1)]
    [InlineData("-10", 999_990, 10)]
    [InlineData("500000-799999", 500_000, 300_000)]
    public async Task Curl_Range_BringsThatPart(string range, int offset, int length)
    {
        Assert.Equal("206", await CurlAsync("-r", range, _server!.Url + BlockPath));
        Assert.Equal(TheBlock[offset..(offset + length)], await File.ReadAllBytesAsync(_out["body"]));
    }

    [Fact(Timeout = 60_000)]
    public async Task Curl_InterruptedDownload_GoesOnWhereItStopped()
    {
        await File.WriteAllBytesAsync(_out["body"], TheBlock[..123_456]);
        Assert.Equal("206", await CurlAsync("-C", "-", _server!.Url + BlockPath));
        Assert.Equal(TheBlock, await File.ReadAllBytesAsync(_out["body"]));
    }

    [Fact(Timeout = 60_000)]
    public async Task Curl_RangeOutside_Is416() => Assert.Equal("416", await CurlAsync("-r", "1000000-", _server!.Url + BlockPath));

    [Fact(Timeout = 60_000)]
    public async Task Curl_KnownTag_Is304UntilTheHeadIsReplaced()
    {
        string url = _server!.Url + "head.minisig";
        Assert.Equal("200", await CurlAsync("--etag-save", _out["tag"], url));
        Assert.Equal("304", await CurlAsync("--etag-compare", _out["tag"], url));
        await File.WriteAllTextAsync(_folder["new"], "head two");
        File.Move(_folder["new"], _folder["head.minisig"], overwrite: true);
        Assert.Equal("200", await CurlAsync("--etag-compare", _out["tag"], url));
        Assert.Equal("head two", await File.ReadAllTextAsync(_out["body"]));
    }

    [Theory(Timeout = 60_000)]
    [InlineData("blocks/../head.minisig", "200")]
    [InlineData("../../../etc/passwd", "404")]
    [InlineData("blocks/", "404")]
    public async Task Curl_PathsAsTheyStand_NeverLeaveTheRepository(string path, string expected) =>
        Assert.Equal(expected, await CurlAsync("--path-as-is", _server!.Url + path));

    [Fact(Timeout = 60_000)]
    public async Task Fetch_ThroughOurOwnMirror_BringsTheBlock()
    {
        using MirrorSource source = MirrorFixtures.Over(_server!.Url.ToString());
        byte[] buffer = new byte[TheBlock.Length];
        Assert.True((await source.FetchAsync(TestBlocks.Request(TheBlock), buffer, TestContext.Current.CancellationToken)).Succeeded);
        Assert.Equal(TheBlock, buffer);
    }

    /// <returns>The status; the body is in the file "body".</returns>
    private async Task<string> CurlAsync(params string[] arguments) => (await TestProcess.RunAsync(
        "curl", ["-s", "-g", "--noproxy", "*", "-o", _out["body"], "-w", "%{http_code}", .. arguments], TimeSpan.FromSeconds(30))).Output.TrimEnd();
}
