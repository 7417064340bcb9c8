using System.IO.Compression;
using System.Text;
using Microsoft.Extensions.Time.Testing;
using OsCircular.Mirrors;
using OsCircular.Sources;
using OsCircular.Sources.Transfers;
using OsCircular.TestKit;
using OsCircular.TestKit.Mirrors;
using OsCircular.TestKit.Sources;

namespace OsCircular.Tests.Mirrors;

public sealed class HttpMirrorTests
{
    private const string ThePath = "blocks/ab/abcdef";
    private static readonly byte[] File = TestBlocks.Make(1, 10_000);

    [Theory]
    [InlineData(404, SourceError.Missing)]
    [InlineData(410, SourceError.Missing)]
    [InlineData(400, SourceError.Refused)]
    [InlineData(401, SourceError.Refused)]
    [InlineData(403, SourceError.Refused)]
    [InlineData(416, SourceError.Refused)]
    [InlineData(429, SourceError.Refused)]
    [InlineData(503, SourceError.Refused)]
    [InlineData(204, SourceError.Unreachable)]
    [InlineData(304, SourceError.Unreachable)]
    [InlineData(408, SourceError.Unreachable)]
    [InlineData(500, SourceError.Unreachable)]
    [InlineData(502, SourceError.Unreachable)]
    public async Task Get_Status_IsTheErrorItStandsFor(int status, SourceError expected) =>
        Assert.Equal(expected, (await AskAsync(request => request.RespondAsync(status))).Error);

    [Fact]
    public async Task Get_WholeFile_Comes() => await GetsFileAsync(request => request.RespondAsync(200, File));

    [Fact]
    public async Task Get_ChunkedBody_Comes() => await GetsFileAsync(request => request.HeadThenAsync(
        "HTTP/1.1 200 OK", ["Transfer-Encoding: chunked"], Chunked(File)));

    [Fact]
    public async Task Get_Http10WithoutLength_EndsWithTheConnection() => await GetsFileAsync(async request =>
    {
        await request.HeadThenAsync("HTTP/1.0 200 OK", [], File);
        request.Close();
    });

    [Theory]
    [InlineData("gzip")]
    [InlineData("deflate")]
    [InlineData("br")]
    public async Task Get_CompressedThoughIdentityWasAsked_IsDecoded(string encoding) =>
        await GetsFileAsync(request => request.RespondAsync(200, Compress(encoding, File), $"Content-Encoding: {encoding}"));

    [Fact]
    public async Task Get_CompressedBomb_IsCutOffAtTheLimit()
    {
        byte[] bomb = Compress("gzip", new byte[50_000_000]);
        (SourceError error, BodyBuffer body) = await AskAsync(request => request.RespondAsync(200, bomb, "Content-Encoding: gzip"));
        Assert.Equal(SourceError.Invalid, error);
        Assert.Equal(File.Length, body.Length);
    }

    [Fact]
    public async Task Get_GarbageInPlaceOfGzip_IsInvalid() =>
        Assert.Equal(SourceError.Invalid, (await AskAsync(request => request.RespondAsync(200, File, "Content-Encoding: gzip"))).Error);

    [Fact]
    public async Task Get_UnknownEncoding_IsInvalid() =>
        Assert.Equal(SourceError.Invalid, (await AskAsync(request => request.RespondAsync(200, File, "Content-Encoding: zip9"))).Error);

    [Theory]
    [InlineData(9_999)]
    [InlineData(10_001)]
    public async Task Get_DeclaredLengthIsNotTheIndexs_IsInvalid(int length) =>
        Assert.Equal(SourceError.Invalid, (await AskAsync(request => request.RespondAsync(200, TestBlocks.Make(1, length)))).Error);

    [Fact]
    public async Task Get_ChunkedBodyLongerThanAllowed_IsInvalid() => Assert.Equal(SourceError.Invalid, (await AskAsync(request =>
        request.HeadThenAsync("HTTP/1.1 200 OK", ["Transfer-Encoding: chunked"], Chunked(TestBlocks.Make(1, 10_001))))).Error);

    [Fact]
    public async Task Get_BodyBreaksOff_IsUnreachable() => Assert.Equal(SourceError.Unreachable, (await AskAsync(async request =>
    {
        await request.HeadThenAsync("HTTP/1.1 200 OK", [$"Content-Length: {File.Length}"], File.AsMemory(0, 5000));
        request.Close();
    })).Error);

    [Fact]
    public async Task Get_ShortBodyWithoutLength_IsUnreachable() => Assert.Equal(SourceError.Unreachable, (await AskAsync(async request =>
    {
        await request.HeadThenAsync("HTTP/1.0 200 OK", [], File.AsMemory(0, 5000));
        request.Close();
    })).Error);

    [Fact]
    public async Task Get_EndlessHeader_IsUnreachable() => Assert.Equal(SourceError.Unreachable, (await AskAsync(request =>
        request.HeadThenAsync("HTTP/1.1 200 OK", ["X-Much: " + new string('x', 100_000)], File))).Error);

    [Fact]
    public async Task Get_NotHttpAtAll_IsUnreachable() => Assert.Equal(SourceError.Unreachable, (await AskAsync(async request =>
    {
        await request.RawAsync("SSH-2.0-OpenSSH_9.2\r\n"u8.ToArray());
        request.Close();
    })).Error);

    [Fact]
    public async Task Get_NobodyListens_IsUnreachable()
    {
        string url;
        await using (var server = new ScriptedHttpServer(request => request.RespondAsync(200, File))) url = server.Url;
        using HttpMirror mirror = Mirror(url);
        TransferAnswer answer = await mirror.GetAsync(ThePath, Body(), noCache: false, default);
        Assert.Equal(SourceError.Unreachable, answer.Error);
        Assert.Contains("refused", answer.Detail);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(5000)]
    public async Task Get_BodyStalls_TimesOutAfterTheStallTimeout(int after)
    {
        var time = new FakeTimeProvider();
        await using var server = new ScriptedHttpServer(request => request.StallAsync(File, after));
        using HttpMirror mirror = Mirror(server.Url, time);
        BodyBuffer body = Body();
        Task<TransferAnswer> get = mirror.GetAsync(ThePath, body, noCache: false, default).AsTask();
        await Eventually.IsSoAsync(() => body.HasBegun && body.Length >= after);
        time.Advance(TimeSpan.FromSeconds(11));
        Assert.Equal(SourceError.TimedOut, (await get).Error);
    }

    [Fact]
    public async Task Get_BodyTrickles_IsAwaitedAsLongAsSomethingComes()
    {
        var time = new FakeTimeProvider();
        BodyBuffer body = Body();
        await using var server = new ScriptedHttpServer(async request =>
        {
            await request.HeadThenAsync("HTTP/1.1 200 OK", [$"Content-Length: {File.Length}"], default);
            for (int sent = 0; sent < File.Length; sent += 1000)
            {
                await request.RawAsync(File.AsMemory(sent, 1000));
                await Eventually.IsSoAsync(() => body.Length >= sent + 1000);
                time.Advance(TimeSpan.FromSeconds(8));
            }
        });
        using HttpMirror mirror = Mirror(server.Url, time);
        Assert.Equal(SourceError.None, (await mirror.GetAsync(ThePath, body, noCache: false, default)).Error);
    }

    [Fact]
    public async Task Get_Cancelled_AnswersCancelled()
    {
        using var cancel = new CancellationTokenSource();
        await using var server = new ScriptedHttpServer(async request =>
        {
            await cancel.CancelAsync();
            await Task.Delay(Timeout.Infinite, request.Stopping);
        });
        using HttpMirror mirror = Mirror(server.Url);
        Assert.Equal(SourceError.Cancelled, (await mirror.GetAsync(ThePath, Body(), noCache: false, cancel.Token)).Error);
    }

    [Fact]
    public async Task Get_ManyFiles_UsesOneConnectionAndAsksPlainly()
    {
        await using var server = new ScriptedHttpServer(request => request.RespondAsync(200, File));
        using HttpMirror mirror = Mirror(server.Url + "/repo");
        for (int i = 0; i < 20; i++) Assert.Equal(SourceError.None, (await mirror.GetAsync(ThePath, Body(), noCache: i == 19, default)).Error);
        Assert.Equal(1, server.Connections);
        Assert.All(server.Requests, request => Assert.Equal("repo/" + ThePath, request.Path));
        Assert.All(server.Requests, request => Assert.Equal("identity", request.Headers["Accept-Encoding"]));
        Assert.Equal([.. Enumerable.Repeat(false, 19), true], server.Requests.Select(request => request.Headers.ContainsKey("Cache-Control")));
    }

    [Fact]
    public async Task Get_UserAndPasswordInTheUrl_AreSentAndNeverShown()
    {
        await using var server = new ScriptedHttpServer(request => request.RespondAsync(200, File));
        using HttpMirror mirror = Mirror(server.Url.Replace("http://", "http://me:s%20cret@"));
        Assert.Equal(SourceError.None, (await mirror.GetAsync(ThePath, Body(), noCache: false, default)).Error);
        Assert.Equal("Basic " + Convert.ToBase64String("me:s cret"u8), server.Requests[0].Headers["Authorization"]);
        Assert.Equal(server.Url, mirror.Name);
    }

    private static HttpMirror Mirror(string url, TimeProvider? time = null) =>
        new(MirrorUrl.Parse(url), new MirrorOptions(), new EnvironmentProxy(_ => null), time ?? TimeProvider.System);

    private static BodyBuffer Body() => BodyBuffer.Exactly(new byte[File.Length], TimeProvider.System);

    private static async Task<(SourceError Error, BodyBuffer Body)> AskAsync(Func<ScriptedRequest, Task> script)
    {
        await using var server = new ScriptedHttpServer(script);
        using HttpMirror mirror = Mirror(server.Url);
        BodyBuffer body = Body();
        TransferAnswer answer = await mirror.GetAsync(ThePath, body, noCache: false, TestContext.Current.CancellationToken);
        return (answer.Error, body);
    }

    private static async Task GetsFileAsync(Func<ScriptedRequest, Task> script)
    {
        (SourceError error, BodyBuffer body) = await AskAsync(script);
        Assert.Equal(SourceError.None, error);
        Assert.True(body.Written.Span.SequenceEqual(File));
    }

    private static byte[] Chunked(byte[] bytes) => [.. Encoding.ASCII.GetBytes($"{bytes.Length:x}\r\n"), .. bytes, .. "\r\n0\r\n\r\n"u8];

    private static byte[] Compress(string encoding, byte[] bytes)
    {
        using var memory = new MemoryStream();
        using (Stream packer = encoding switch
        {
            "gzip" => new GZipStream(memory, CompressionLevel.Fastest, leaveOpen: true),
            "deflate" => new ZLibStream(memory, CompressionLevel.Fastest, leaveOpen: true),
            _ => new BrotliStream(memory, CompressionLevel.Fastest, leaveOpen: true),
        })
        {
            packer.Write(bytes);
        }

        return memory.ToArray();
    }
}
