using OsCircular.Sources;
using OsCircular.TestKit.Peers;
using OsCircular.TestKit.Sources;

namespace OsCircular.Tests.Sources;

public sealed class FallbackDocumentSourceTests
{
    private static readonly byte[] Page = TestBlocks.Make(1);

    private readonly WatchedTime _time = new();
    private readonly FakeDocumentSource _first = new();
    private readonly FakeDocumentSource _second = new();
    private readonly FallbackDocumentSource _source;

    public FallbackDocumentSourceTests() => _source = new FallbackDocumentSource(_first, _second);

    [Fact]
    public async Task Fetch_TheFirstHasIt_LeavesTheSecondAlone()
    {
        DocumentName name = _first.Add(DocumentKind.IndexPage, Page);
        Assert.True((await FetchAsync(_source, name)).Succeeded);
        Assert.Equal(0, _second.Calls);
    }

    [Theory]
    [InlineData(SourceError.None)] // that is: missing
    [InlineData(SourceError.Unreachable)]
    [InlineData(SourceError.Invalid)]
    public async Task Fetch_TheFirstFails_TheSecondIsAsked(SourceError failure)
    {
        _first.Failure = failure;
        DocumentName name = _second.Add(DocumentKind.IndexPage, Page);
        FetchedDocument fetched = await FetchAsync(_source, name);
        Assert.Equal(Page, fetched.Bytes.ToArray());
    }

    [Theory]
    [InlineData(SourceError.None, SourceError.None, SourceError.Missing)]
    [InlineData(SourceError.Unreachable, SourceError.None, SourceError.Unreachable)] // the first could not say whether it is missing
    [InlineData(SourceError.None, SourceError.Unreachable, SourceError.Unreachable)]
    [InlineData(SourceError.Refused, SourceError.Invalid, SourceError.Invalid)]
    public async Task Fetch_BothFail_TellsWhatTells(SourceError first, SourceError second, SourceError told)
    {
        (_first.Failure, _second.Failure) = (first, second);
        DocumentName name = new FakeDocumentSource().Add(DocumentKind.IndexPage, Page);
        Assert.Equal(told, (await FetchAsync(_source, name)).Error);
    }

    [Fact]
    public async Task Fetch_TheFirstHangs_TheSecondIsAskedAfterAQuarter()
    {
        DocumentName name = _second.Add(DocumentKind.IndexPage, Page);
        FallbackDocumentSource source = new(new HangingDocuments(), _second);
        Task<FetchedDocument> fetch = FetchAsync(source, name);
        _time.Advance(TimeSpan.FromSeconds(9.9));
        Assert.False(fetch.IsCompleted);
        _time.Advance(TimeSpan.FromSeconds(0.2));
        Assert.True((await fetch.WaitAsync(TimeSpan.FromSeconds(10), TestContext.Current.CancellationToken)).Succeeded);
    }

    [Fact]
    public async Task Fetch_Cancelled_AsksNobodyElse()
    {
        using var cancel = new CancellationTokenSource();
        FallbackDocumentSource source = new(new HangingDocuments(), _second);
        Task<FetchedDocument> fetch = source.FetchAsync(_second.Add(DocumentKind.IndexPage, Page), Deadline.In(TimeSpan.FromSeconds(40), _time), cancel.Token).AsTask();
        await cancel.CancelAsync();
        Assert.Equal(SourceError.Cancelled, (await fetch).Error);
        Assert.Equal(0, _second.Calls);
    }

    private Task<FetchedDocument> FetchAsync(IDocumentSource source, DocumentName name) =>
        source.FetchAsync(name, Deadline.In(TimeSpan.FromSeconds(40), _time), TestContext.Current.CancellationToken).AsTask();

    private sealed class HangingDocuments : IDocumentSource
    {
        public async ValueTask<FetchedDocument> FetchAsync(DocumentName name, Deadline deadline, CancellationToken cancellationToken)
        {
            await Task.Delay(Timeout.InfiniteTimeSpan, deadline.Time, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            return SourceError.Cancelled;
        }
    }
}
