using OsCircular.Cache;
using OsCircular.Sources;
using OsCircular.TestKit.Sources;

namespace OsCircular.Tests.Cache;

public sealed class DocumentStoreTests : IAsyncLifetime
{
    private static readonly byte[] Page = TestBlocks.Make(1, 3000);
    private readonly FakeDocumentSource _upstream = new();
    private TestCache _cache = null!;
    private CachedDocumentSource _source = null!;

    private static Deadline Deadline => Deadline.In(TimeSpan.FromSeconds(30), TimeProvider.System);

    public async ValueTask InitializeAsync()
    {
        _cache = await TestCache.OpenAsync();
        _source = new CachedDocumentSource(_cache.Cache.Documents, _upstream);
    }

    public ValueTask DisposeAsync() => _cache.DisposeAsync();

    [Theory]
    [InlineData(DocumentKind.Manifest)]
    [InlineData(DocumentKind.IndexPage)]
    [InlineData(DocumentKind.Profile)]
    public async Task Fetch_SecondTime_IsLocalAndCounted(DocumentKind kind)
    {
        DocumentName name = _upstream.Add(kind, Page);
        Assert.Equal(Page, (await FetchAsync(name)).Bytes.ToArray());
        _upstream.Failure = SourceError.Unreachable;
        Assert.Equal(Page, (await FetchAsync(name)).Bytes.ToArray());
        Assert.Equal(Page, File.ReadAllBytes(Path.Combine(_cache.Path, name.Path)));
        Assert.Equal(Page.Length, _cache.Cache.Status.DocumentBytes);

        await _cache.ReopenAsync();
        Assert.Equal(Page.Length, _cache.Cache.Status.DocumentBytes);
        Assert.True(_cache.Cache.Documents.Holds(name));
    }

    [Fact]
    public async Task Fetch_DamagedFile_IsFetchedAnew()
    {
        DocumentName name = _upstream.Add(DocumentKind.IndexPage, Page);
        await FetchAsync(name);
        File.WriteAllBytes(Path.Combine(_cache.Path, name.Path), Page[..100]);

        Assert.Equal(Page, (await FetchAsync(name)).Bytes.ToArray());
        Assert.Equal(Page, _cache.Cache.Documents.TryRead(name).Bytes.ToArray());
        Assert.Equal(1, _cache.Cache.Counters[CacheCounter.Damaged]);
    }

    [Fact]
    public void TryRead_LongerThanItsKindMayBe_IsInvalidUnread()
    {
        DocumentName name = _upstream.Add(DocumentKind.IndexPage, Page);
        using (FileStream file = File.Create(Path.Combine(_cache.Path, name.Path))) file.SetLength(1L << 40);
        Assert.Equal(SourceError.Invalid, _cache.Cache.Documents.TryRead(name).Error);
        Assert.False(_cache.Cache.Documents.Holds(name));
    }

    [Theory]
    [InlineData(SourceError.Missing)]
    [InlineData(SourceError.Unreachable)]
    [InlineData(SourceError.Refused)]
    public async Task Fetch_UpstreamFails_PassesTheErrorOn(SourceError error)
    {
        _upstream.Failure = error;
        Assert.Equal(error, (await FetchAsync(new DocumentName(DocumentKind.Profile, default))).Error);
    }

    [Fact]
    public async Task Fetch_NothingCanBeStored_StillYieldsTheDocument()
    {
        DocumentName name = _upstream.Add(DocumentKind.Manifest, Page);
        Directory.Delete(Path.Combine(_cache.Path, "tmp"));
        Assert.Equal(Page, (await FetchAsync(name)).Bytes.ToArray());
        Assert.Equal(CacheState.Failing, _cache.Cache.Status.State);
        Assert.Equal(0, _cache.Cache.Status.DocumentBytes);
        Assert.Equal(0, _cache.Cache.Status.ReservedBytes);
    }

    private ValueTask<FetchedDocument> FetchAsync(DocumentName name) => _source.FetchAsync(name, Deadline, default);
}
