using System.Net;
using OsCircular.Blocks;
using OsCircular.Mirrors;
using OsCircular.Sources;
using OsCircular.Sources.Transfers;
using OsCircular.TestKit.Mirrors;
using OsCircular.TestKit.Sources;

namespace OsCircular.Tests.Mirrors;

public sealed class EnvironmentProxyTests
{
    [Theory]
    [InlineData("http_proxy=http://p:1", "http://h/", "http://p:1/")]
    [InlineData("HTTP_PROXY=http://p:1", "http://h/", "http://p:1/")]
    [InlineData("http_proxy=http://low:1 HTTP_PROXY=http://up:1", "http://h/", "http://low:1/")]
    [InlineData("HTTP_PROXY=http://p:1 REQUEST_METHOD=GET", "http://h/", null)]
    [InlineData("http_proxy=p:3128", "http://h/", "http://p:3128/")]
    [InlineData("http_proxy=http://p:1", "https://h/", null)]
    [InlineData("https_proxy=http://p:1", "https://h/", "http://p:1/")]
    [InlineData("HTTPS_PROXY=http://p:1", "https://h/", "http://p:1/")]
    [InlineData("all_proxy=socks5://p:1", "https://h/", "socks5://p:1/")]
    [InlineData("ALL_PROXY=http://p:1", "http://h/", "http://p:1/")]
    [InlineData("http_proxy=http://p:1", "http://127.0.0.1:8080/", null)]
    [InlineData("http_proxy=http://p:1", "http://localhost/", null)]
    [InlineData("http_proxy=http://p:1", "http://[::1]/", null)]
    [InlineData("http_proxy=http://p:1 no_proxy=uni.edu", "http://mirror.uni.edu/", null)]
    [InlineData("http_proxy=http://p:1 no_proxy=.uni.edu", "http://mirror.uni.edu/", null)]
    [InlineData("http_proxy=http://p:1 NO_PROXY=*.uni.edu", "http://mirror.uni.edu/", null)]
    [InlineData("http_proxy=http://p:1 no_proxy=uni.edu", "http://otheruni.edu/", "http://p:1/")]
    [InlineData("http_proxy=http://p:1 no_proxy=*", "http://h/", null)]
    [InlineData("http_proxy=http://p:1 no_proxy=a,b,10.0.0.0/8", "http://10.2.3.4/", null)]
    [InlineData("http_proxy=http://p:1 no_proxy=10.0.0.0/8", "http://11.2.3.4/", "http://p:1/")]
    [InlineData("http_proxy=http://p:1 no_proxy=h:8080", "http://h:8080/", null)]
    [InlineData("http_proxy=http://p:1 no_proxy=h:8080", "http://h/", "http://p:1/")]
    [InlineData("http_proxy=", "http://h/", null)]
    public void GetProxy_Variables_AreReadAsCurlReadsThem(string variables, string destination, string? expected)
    {
        var proxy = new EnvironmentProxy(Reader(variables));
        Assert.Equal(expected, proxy.GetProxy(new Uri(destination))?.ToString());
        Assert.Equal(expected is null, proxy.IsBypassed(new Uri(destination)));
    }

    [Theory]
    [InlineData("http_proxy=ftp://p")]
    [InlineData("HTTPS_PROXY=http://")]
    public void Constructor_VariableIsNoProxy_NamesIt(string variables) =>
        Assert.Contains(variables.Split('=')[0], Assert.Throws<UserError>(() => new EnvironmentProxy(Reader(variables))).Message);

    [Fact]
    public void Credentials_InTheProxysUrl_AreGivenToIt()
    {
        var proxy = new EnvironmentProxy(Reader("http_proxy=http://me:a%40b@p:1"));
        NetworkCredential? credential = proxy.Credentials!.GetCredential(proxy.GetProxy(new Uri("http://h/"))!, "Basic");
        Assert.Equal(("me", "a@b"), (credential?.UserName, credential?.Password));
    }

    [Fact]
    public async Task Get_ThroughAProxy_AsksItForTheWholeUrl()
    {
        byte[] file = TestBlocks.Make(1);
        await using var server = new ScriptedHttpServer(request => request.RespondAsync(200, file));
        var proxy = new EnvironmentProxy(Reader("http_proxy=" + server.Url));
        using var mirror = new HttpMirror(MirrorUrl.Parse("http://mirror.invalid/r"), new MirrorOptions(), proxy, TimeProvider.System);
        BodyBuffer body = BodyBuffer.Exactly(new byte[file.Length], TimeProvider.System);
        Assert.Equal(SourceError.None, (await mirror.GetAsync("head.minisig", body, noCache: true, default)).Error);
        Assert.Equal("http://mirror.invalid/r/head.minisig", server.Requests[0].Target);
    }

    private static Func<string, string?> Reader(string variables)
    {
        var values = variables.Split(' ').Select(pair => pair.Split('=', 2)).ToDictionary(pair => pair[0], pair => pair[1]);
        return name => values.GetValueOrDefault(name);
    }
}
