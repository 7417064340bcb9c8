using Microsoft.Extensions.Time.Testing;
using OsCircular.Mirrors;
using OsCircular.Sources;
using OsCircular.Sources.Transfers;
using OsCircular.TestKit.Mirrors;
using OsCircular.TestKit.Sources;

namespace OsCircular.Tests.Mirrors;

public sealed class HttpMirrorRedirectTests : IAsyncLifetime
{
    private static readonly byte[] File = TestBlocks.Make(1, 3000);
    private readonly FakeTimeProvider _time = new();
    private readonly ScriptedHttpServer _target;
    private Func<ScriptedRequest, Task> _answer = request => request.RespondAsync(200, File);

    public HttpMirrorRedirectTests() => _target = new ScriptedHttpServer(request => _answer(request));

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public ValueTask DisposeAsync() => _target.DisposeAsync();

    [Theory]
    [InlineData(301)]
    [InlineData(302)]
    [InlineData(303)]
    [InlineData(307)]
    [InlineData(308)]
    public async Task Get_WholeMirrorIsRedirected_CostsOneRequestMoreNotOneForEachFile(int status)
    {
        await using var mirror = new ScriptedHttpServer(request => request.RespondAsync(status, null, $"Location: {_target.Url}/there/{request.Path}"));
        using HttpMirror client = Mirror(mirror.Url);
        for (int i = 0; i < 50; i++) await GetsFileAsync(client, $"blocks/ab/{i}");
        Assert.Single(mirror.Requests);
        Assert.Equal(50, _target.Requests.Count);
        Assert.Equal("there/blocks/ab/49", _target.Requests[49].Path);
    }

    [Fact]
    public async Task Get_RedirectMemoryIsOver_AsksTheMirrorAgain()
    {
        await using ScriptedHttpServer mirror = Redirecting("/there/");
        using HttpMirror client = Mirror(mirror.Url);
        await GetsFileAsync(client);
        _time.Advance(TimeSpan.FromMinutes(6));
        await GetsFileAsync(client);
        Assert.Equal(2, mirror.Requests.Count);
    }

    [Fact]
    public async Task Get_RememberedTargetFails_AsksTheMirrorItselfAtOnce()
    {
        await using var mirror = new ScriptedHttpServer(request => request.Path == "first"
            ? request.RespondAsync(302, null, $"Location: {_target.Url}/{request.Path}")
            : request.RespondAsync(200, File));
        using HttpMirror client = Mirror(mirror.Url);
        await GetsFileAsync(client, "first");
        _answer = request => request.RespondAsync(500);
        await GetsFileAsync(client, "second");
        Assert.Equal(2, _target.Requests.Count);
    }

    [Fact]
    public async Task Get_RelativeRedirect_IsFollowed()
    {
        await using var mirror = new ScriptedHttpServer(request => request.Path.StartsWith("new/", StringComparison.Ordinal)
            ? request.RespondAsync(200, File)
            : request.RespondAsync(302, null, $"Location: /new/{request.Path}"));
        using HttpMirror client = Mirror(mirror.Url);
        await GetsFileAsync(client);
        await GetsFileAsync(client);
        Assert.Equal(3, mirror.Requests.Count);
    }

    [Fact]
    public async Task Get_RedirectToAnotherNameOfTheFile_IsFollowedAndNotTakenForTheWholeMirror()
    {
        await using var mirror = new ScriptedHttpServer(request => request.RespondAsync(302, null, $"Location: {_target.Url}/{request.Path}?signed=1"));
        using HttpMirror client = Mirror(mirror.Url);
        await GetsFileAsync(client);
        await GetsFileAsync(client);
        Assert.Equal(2, mirror.Requests.Count);
    }

    [Fact]
    public async Task Get_RedirectLoop_EndsAfterFive()
    {
        await using var mirror = new ScriptedHttpServer(request => request.RespondAsync(302, null, "Location: /" + request.Path));
        using HttpMirror client = Mirror(mirror.Url);
        Assert.Equal(SourceError.Unreachable, (await client.GetAsync("a", Body(), noCache: false, default)).Error);
        Assert.Equal(6, mirror.Requests.Count);
    }

    [Theory]
    [InlineData("ftp://127.0.0.1/a")]
    [InlineData("file:///etc/passwd")]
    public async Task Get_RedirectOffTheWeb_IsRefused(string location)
    {
        await using var mirror = new ScriptedHttpServer(request => request.RespondAsync(302, null, "Location: " + location));
        using HttpMirror client = Mirror(mirror.Url);
        Assert.Equal(SourceError.Refused, (await client.GetAsync("a", Body(), noCache: false, default)).Error);
    }

    [Theory]
    [InlineData("https://a/x", "http://a/x", false)]
    [InlineData("https://a/x", "https://b/x", true)]
    [InlineData("http://a/x", "https://a/x", true)]
    [InlineData("http://a/x", "http://b/x", true)]
    [InlineData("http://a/x", "file:///x", false)]
    public void MayRedirect_BetweenSchemes_NeverFromHttpsToHttp(string from, string to, bool expected) =>
        Assert.Equal(expected, HttpMirror.MayRedirect(new Uri(from), new Uri(to)));

    [Fact]
    public async Task Get_RedirectToNowhere_IsUnreachable()
    {
        await using var mirror = new ScriptedHttpServer(request => request.RespondAsync(302));
        using HttpMirror client = Mirror(mirror.Url);
        Assert.Equal(SourceError.Unreachable, (await client.GetAsync("a", Body(), noCache: false, default)).Error);
    }

    [Fact]
    public async Task Get_RedirectToAnotherHost_LeavesTheCredentialsBehind()
    {
        await using ScriptedHttpServer mirror = Redirecting("/");
        using HttpMirror client = Mirror(mirror.Url.Replace("http://", "http://me:secret@"));
        await GetsFileAsync(client);
        Assert.True(mirror.Requests[0].Headers.ContainsKey("Authorization"));
        Assert.False(_target.Requests[0].Headers.ContainsKey("Authorization"));
    }

    [Theory]
    [InlineData("http://b/r/blocks/ab/x", "http://b/r/")]
    [InlineData("http://b/blocks/ab/x", "http://b/")]
    [InlineData("http://b/blocks/ab/x?q", null)]
    [InlineData("http://b/other", null)]
    public void RootOf_Target_IsWhatStandsBeforeThePath(string target, string? expected) =>
        Assert.Equal(expected, RedirectMemory.RootOf(new Uri(target), "blocks/ab/x")?.AbsoluteUri);

    private ScriptedHttpServer Redirecting(string to) => new(request => request.RespondAsync(302, null, $"Location: {_target.Url}{to}{request.Path}"));

    private HttpMirror Mirror(string url) => new(MirrorUrl.Parse(url), new MirrorOptions(), new EnvironmentProxy(_ => null), _time);

    private static BodyBuffer Body() => BodyBuffer.Exactly(new byte[File.Length], TimeProvider.System);

    private static async Task GetsFileAsync(HttpMirror mirror, string path = "blocks/ab/abcd")
    {
        BodyBuffer body = Body();
        Assert.Equal(SourceError.None, (await mirror.GetAsync(path, body, noCache: false, TestContext.Current.CancellationToken)).Error);
        Assert.True(body.Written.Span.SequenceEqual(File));
    }
}
