using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using Microsoft.Extensions.Logging.Abstractions;
using OsCircular.Agent.Serving;
using OsCircular.Blocks;
using OsCircular.Sources;
using OsCircular.TestKit;
using OsCircular.TestKit.Sources;

namespace OsCircular.Tests.Agent.Serving;

public sealed class MirrorServerTests : IAsyncLifetime
{
    private static readonly byte[] TheBlock = TestBlocks.Make(1, 300_000);
    private static readonly string BlockPath = RepositoryPaths.Block(BlockName.Of(TheBlock));
    private readonly TempDirectory _folder = new();
    private readonly HttpClient _client = new();
    private MirrorServer? _server;

    public async ValueTask InitializeAsync()
    {
        _folder.Folder(Path.GetDirectoryName(BlockPath)!);
        await File.WriteAllBytesAsync(_folder[BlockPath], TheBlock);
        await File.WriteAllTextAsync(_folder["head.minisig"], "head one");
        await File.WriteAllTextAsync(_folder["secret"], "not yours");
        _server = await MirrorServer.StartAsync(_folder.Path, new IPEndPoint(IPAddress.Loopback, 0), new MirrorServerOptions(), NullLoggerFactory.Instance, default);
        _client.BaseAddress = _server.Url;
    }

    public async ValueTask DisposeAsync()
    {
        _client.Dispose();
        if (_server is not null) await _server.DisposeAsync();
        _folder.Dispose();
    }

    [Fact]
    public async Task Get_Block_ComesWholeAndMayBeKeptForEver()
    {
        using HttpResponseMessage response = await _client.GetAsync(BlockPath);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal(TheBlock, await response.Content.ReadAsByteArrayAsync());
        Assert.Equal("public, max-age=31536000, immutable", response.Headers.CacheControl!.ToString());
        Assert.Equal($"\"{BlockName.Of(TheBlock)}\"", response.Headers.ETag!.Tag);
        Assert.Equal("application/octet-stream", response.Content.Headers.ContentType!.ToString());
    }

    [Fact]
    public async Task Get_PartOfABlock_ComesAsPart()
    {
        using HttpResponseMessage response = await SendAsync(BlockPath, headers => headers.Range = new RangeHeaderValue(1000, 200_999));
        Assert.Equal(HttpStatusCode.PartialContent, response.StatusCode);
        Assert.Equal(TheBlock[1000..201_000], await response.Content.ReadAsByteArrayAsync());
        Assert.Equal("bytes 1000-200999/300000", response.Content.Headers.ContentRange!.ToString());
    }

    [Fact]
    public async Task Get_PartOutsideOfTheBlock_IsNotSatisfiable()
    {
        using HttpResponseMessage response = await SendAsync(BlockPath, headers => headers.Range = new RangeHeaderValue(300_000, null));
        Assert.Equal(HttpStatusCode.RequestedRangeNotSatisfiable, response.StatusCode);
        Assert.Equal("bytes */300000", response.Content.Headers.ContentRange!.ToString());
    }

    [Fact]
    public async Task Get_PartOfWhatIsNoMoreTheSame_ComesWhole()
    {
        using HttpResponseMessage response = await SendAsync("head.minisig", headers =>
        {
            headers.Range = new RangeHeaderValue(1, 2);
            headers.IfRange = new RangeConditionHeaderValue("\"another\"");
        });
        Assert.Equal("head one", await response.Content.ReadAsStringAsync());
    }

    [Fact]
    public async Task Get_HeadUnchanged_IsNotSentAgainUntilItIsReplaced()
    {
        using HttpResponseMessage first = await _client.GetAsync("head.minisig");
        Assert.Equal("no-cache", first.Headers.CacheControl!.ToString());
        EntityTagHeaderValue tag = first.Headers.ETag!;
        using HttpResponseMessage second = await SendAsync("head.minisig", headers => headers.IfNoneMatch.Add(tag));
        Assert.Equal(HttpStatusCode.NotModified, second.StatusCode);

        await File.WriteAllTextAsync(_folder["new"], "head two");
        File.Move(_folder["new"], _folder["head.minisig"], overwrite: true);
        using HttpResponseMessage third = await SendAsync("head.minisig", headers => headers.IfNoneMatch.Add(tag));
        Assert.Equal("head two", await third.Content.ReadAsStringAsync());
    }

    [Fact]
    public async Task Get_HeadNotModifiedSince_IsNotSentAgain()
    {
        using HttpResponseMessage first = await _client.GetAsync("head.minisig");
        using HttpResponseMessage second = await SendAsync("head.minisig", headers => headers.IfModifiedSince = first.Content.Headers.LastModified);
        Assert.Equal(HttpStatusCode.NotModified, second.StatusCode);
    }

    [Fact]
    public async Task Head_Block_HasItsLengthAndNoBody()
    {
        using var request = new HttpRequestMessage(HttpMethod.Head, BlockPath);
        using HttpResponseMessage response = await _client.SendAsync(request);
        Assert.Equal(TheBlock.Length, response.Content.Headers.ContentLength);
        Assert.Empty(await response.Content.ReadAsByteArrayAsync());
    }

    [Theory]
    [InlineData("")]
    [InlineData("secret")]
    [InlineData("blocks/")]
    [InlineData("blocks/00/0000000000000000000000000000000000000000")]
    [InlineData("%2e%2e/etc/passwd")]
    [InlineData("blocks/%2e%2e/secret")]
    public async Task Get_AnythingElse_IsNotFound(string path)
    {
        using HttpResponseMessage response = await _client.GetAsync(path);
        Assert.Equal(HttpStatusCode.NotFound, response.StatusCode);
        Assert.Empty(await response.Content.ReadAsByteArrayAsync());
    }

    [Theory]
    [InlineData("PUT")]
    [InlineData("POST")]
    [InlineData("DELETE")]
    public async Task Send_AnotherMethod_IsNotAllowed(string method)
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), BlockPath);
        using HttpResponseMessage response = await _client.SendAsync(request);
        Assert.Equal(HttpStatusCode.MethodNotAllowed, response.StatusCode);
        Assert.True(File.Exists(_folder[BlockPath]));
    }

    [Fact]
    public async Task Send_HugeHeader_IsRefused()
    {
        using HttpResponseMessage response = await SendAsync(BlockPath, headers => headers.Add("X-Much", new string('x', 20_000)));
        Assert.Equal(HttpStatusCode.RequestHeaderFieldsTooLarge, response.StatusCode);
    }

    [Fact]
    public async Task Start_AddressInUse_IsAUserErrorThatNamesIt()
    {
        UserError error = await Assert.ThrowsAsync<UserError>(() => MirrorServer.StartAsync(
            _folder.Path, new IPEndPoint(IPAddress.Loopback, _server!.Url.Port), new MirrorServerOptions(), NullLoggerFactory.Instance, default));
        Assert.Contains($"127.0.0.1:{_server!.Url.Port}", error.Message);
        Assert.Contains("in use", error.Message);
    }

    [Fact]
    public async Task Start_AddressOfAnotherHost_IsAUserError() => await Assert.ThrowsAsync<UserError>(() => MirrorServer.StartAsync(
        _folder.Path, new IPEndPoint(IPAddress.Parse("192.0.2.1"), 0), new MirrorServerOptions(), NullLoggerFactory.Instance, default));

    [Fact]
    public async Task Start_NoSuchFolder_IsAUserErrorThatNamesIt()
    {
        UserError error = await Assert.ThrowsAsync<UserError>(() => MirrorServer.StartAsync(
            "/nowhere", new IPEndPoint(IPAddress.Loopback, 0), new MirrorServerOptions(), NullLoggerFactory.Instance, default));
        Assert.Contains("/nowhere", error.Message);
    }

    [Fact]
    public async Task Stop_Running_LetsGoOfThePort()
    {
        await _server!.StopAsync(default);
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        await Assert.ThrowsAsync<SocketException>(() => socket.ConnectAsync(IPAddress.Loopback, _server.Url.Port));
    }

    private async Task<HttpResponseMessage> SendAsync(string path, Action<HttpRequestHeaders> set)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, path);
        set(request.Headers);
        return await _client.SendAsync(request);
    }
}
