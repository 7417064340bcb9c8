using System.Text;
using OsCircular.Blocks;
using OsCircular.Mirrors;
using OsCircular.Sources;
using OsCircular.Sources.Transfers;
using OsCircular.TestKit;
using OsCircular.TestKit.Mirrors;
using OsCircular.TestKit.Programs;
using OsCircular.TestKit.Sources;

namespace OsCircular.SystemTests.Mirrors;

public sealed class NginxMirrorTests : IDisposable
{
    private static readonly byte[][] Blocks = [.. Enumerable.Range(1, 20).Select(seed => TestBlocks.Make(seed, 100_000 + seed))];
    private readonly TempDirectory _repository = new();

    public NginxMirrorTests()
    {
        foreach (byte[] block in Blocks) MirrorFixtures.WriteBlock(_repository.Path, BlockName.Of(block), block);
        File.WriteAllText(_repository["head.minisig"], "the head");
    }

    public void Dispose() => _repository.Dispose();

    [Fact(Timeout = 60_000)]
    public async Task Fetch_PlainNginx_BringsBlocksAndHead()
    {
        await using Nginx nginx = await Nginx.StartAsync(_repository.Path);
        using MirrorSource source = MirrorFixtures.Over(nginx.Url);
        await FetchAllAsync(source);
        FetchedHead head = await source.Heads[0].FetchHeadAsync(Deadline.In(TimeSpan.FromSeconds(10), TimeProvider.System), default);
        Assert.Equal("the head", Encoding.ASCII.GetString(head.Bytes.Span));
        Assert.Equal(SourceError.Missing, (await FetchAsync(source, TestBlocks.Make(99))).Error);
        Assert.Equal(Blocks.Sum(block => block.Length) + "the head".Length, source.Statuses[0].Bytes);
    }

    [Fact(Timeout = 60_000)]
    public async Task Fetch_NginxThatCompressesEverything_StillBringsBlocks()
    {
        await using Nginx nginx = await Nginx.StartAsync(_repository.Path, "gzip on; gzip_types *; gzip_min_length 0; gzip_http_version 1.0; gzip_proxied any;");
        using MirrorSource source = MirrorFixtures.Over(nginx.Url);
        await FetchAllAsync(source);
    }

    [Fact(Timeout = 60_000)]
    public async Task Fetch_NginxThatRedirectsEverything_IsAskedOnce()
    {
        await using Nginx target = await Nginx.StartAsync(_repository.Path);
        await using Nginx redirecting = await Nginx.StartAsync(_repository.Path, $"return 302 {target.Url}$request_uri;");
        using MirrorSource source = MirrorFixtures.Over(redirecting.Url);
        Assert.True((await FetchAsync(source, Blocks[0])).Succeeded);
        await FetchAllAsync(source);
        Assert.Single(redirecting.Requests());
        Assert.Equal(1 + Blocks.Length, target.Requests().Length);
    }

    [Fact(Timeout = 60_000)]
    public async Task Fetch_FirstMirrorHasWrongBytes_ComesFromTheOther()
    {
        using var wrong = new TempDirectory();
        foreach (byte[] block in Blocks) MirrorFixtures.WriteBlock(wrong.Path, BlockName.Of(block), TestBlocks.Make(77, block.Length));
        await using Nginx bad = await Nginx.StartAsync(wrong.Path);
        await using Nginx good = await Nginx.StartAsync(_repository.Path);
        using MirrorSource source = MirrorFixtures.Over(bad.Url, good.Url);
        await FetchAllAsync(source);
        Assert.True(source.Statuses[0].Failures[SourceError.Invalid] > 0);
        Assert.Contains("wrong bytes", source.Statuses[0].LastError);
        Assert.Empty(source.Statuses[1].Failures);
    }

    [Fact(Timeout = 60_000)]
    public async Task Fetch_MirrorStopsAndComesBack_FailsInTimeAndRecovers()
    {
        await using Nginx nginx = await Nginx.StartAsync(_repository.Path);
        using MirrorSource source = MirrorFixtures.Over(nginx.Url);
        Assert.True((await FetchAsync(source, Blocks[0])).Succeeded);
        await nginx.StopAsync();
        Assert.Equal(SourceError.Unreachable, (await FetchAsync(source, Blocks[1])).Error);
        Assert.Contains("refused", source.Statuses[0].LastError);

        await nginx.StartAsync();
        await Eventually.IsSoAsync(async () => (await FetchAsync(source, Blocks[1])).Succeeded);
    }

    [Fact(Timeout = 60_000)]
    public async Task Fetch_MirrorRestarts_NoFetchFails()
    {
        await using Nginx nginx = await Nginx.StartAsync(_repository.Path);
        using MirrorSource source = MirrorFixtures.Over(nginx.Url);
        await FetchAllAsync(source);
        await nginx.StopAsync();
        Task fetches = FetchAllAsync(source);
        await Task.Delay(TimeSpan.FromSeconds(1));
        await nginx.StartAsync();
        await fetches;
    }

    [Fact(Timeout = 60_000)]
    public async Task Fetch_ThroughACachingProxyThatHoldsABadCopy_AsksPastItAndHealsIt()
    {
        using var cache = new TempDirectory();
        await using Nginx nginx = await Nginx.StartAsync(_repository.Path);
        await using Nginx proxy = await Nginx.StartAsync(cache.Path, $$"""
            error_page 418 = @past;
            location / {
                if ($http_cache_control != '') { return 418; }
                try_files $uri @past;
            }
            location @past {
                proxy_store {{cache.Path}}$uri;
                proxy_pass {{nginx.Url}};
            }
            """);
        byte[] block = Blocks[0];
        MirrorFixtures.WriteBlock(cache.Path, BlockName.Of(block), TestBlocks.Make(77, block.Length));

        using var mirror = new HttpMirror(
            MirrorUrl.Parse("http://mirror.invalid"), new MirrorOptions(), new EnvironmentProxy(name => name == "http_proxy" ? proxy.Url : null), TimeProvider.System);
        BodyBuffer body = BodyBuffer.Exactly(new byte[block.Length], TimeProvider.System);
        string path = RepositoryPaths.Block(BlockName.Of(block));
        Assert.Equal(SourceError.None, (await mirror.GetAsync(path, body, noCache: false, default)).Error);
        Assert.False(body.Written.Span.SequenceEqual(block));
        Assert.Equal(SourceError.None, (await mirror.GetAsync(path, body, noCache: true, default)).Error);
        Assert.True(body.Written.Span.SequenceEqual(block));
        Assert.Equal(SourceError.None, (await mirror.GetAsync(path, body, noCache: false, default)).Error);
        Assert.True(body.Written.Span.SequenceEqual(block));
    }

    [Fact(Timeout = 60_000)]
    public async Task Fetch_FolderAndNginx_BothServeAndTheFolderAloneToo()
    {
        await using Nginx nginx = await Nginx.StartAsync(_repository.Path);
        using (MirrorSource both = MirrorFixtures.Over("file://" + _repository.Path, nginx.Url)) await FetchAllAsync(both);
        await nginx.StopAsync();
        using MirrorSource stopped = MirrorFixtures.Over(nginx.Url, _repository.Path);
        await FetchAllAsync(stopped);
    }

    private static async Task FetchAllAsync(MirrorSource source)
    {
        Fetched[] fetched = await Task.WhenAll(Blocks.Select(block => FetchAsync(source, block)));
        Assert.All(fetched, each => Assert.Equal(SourceError.None, each.Error));
    }

    private static Task<Fetched> FetchAsync(MirrorSource source, byte[] block) =>
        source.FetchAsync(TestBlocks.Request(block), new byte[block.Length], TestContext.Current.CancellationToken).AsTask();
}
