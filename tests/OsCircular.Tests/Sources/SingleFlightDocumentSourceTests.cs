using Microsoft.Extensions.Time.Testing;
using OsCircular.Sources;
using OsCircular.TestKit.Sources;

namespace OsCircular.Tests.Sources;

public sealed class SingleFlightDocumentSourceTests : IAsyncDisposable
{
    private static readonly byte[] Page = TestBlocks.Make(1);

    private readonly FakeTimeProvider _time = new();
    private readonly GatedDocuments _inner = new();
    private readonly SingleFlightDocumentSource _source;
    private readonly DocumentName _name;

    public SingleFlightDocumentSourceTests()
    {
        _name = _inner.Held.Add(DocumentKind.IndexPage, Page);
        _source = new SingleFlightDocumentSource(_inner, TimeSpan.FromSeconds(30), _time);
    }

    public ValueTask DisposeAsync() => _source.DisposeAsync();

    [Fact]
    public async Task Fetch_ManyAskForOneDocument_AsksOnce()
    {
        Task<FetchedDocument>[] askers = [.. Enumerable.Range(0, 20).Select(_ => FetchAsync())];
        _inner.Gate.SetResult();
        foreach (FetchedDocument fetched in await Task.WhenAll(askers)) Assert.Equal(Page, fetched.Bytes.ToArray());
        Assert.Equal(1, _inner.Held.Calls);
    }

    [Fact]
    public async Task Fetch_AfterItLanded_FliesAnew()
    {
        _inner.Gate.SetResult();
        Assert.True((await FetchAsync()).Succeeded);
        Assert.True((await FetchAsync()).Succeeded);
        Assert.Equal(2, _inner.Held.Calls);
    }

    [Fact]
    public async Task Fetch_AskersTimeIsOver_TheFlightGoesOn()
    {
        Task<FetchedDocument> impatient = FetchAsync(TimeSpan.FromSeconds(1));
        Deadline flight = await _inner.Asked.WaitAsync(Patience, TestContext.Current.CancellationToken);
        Assert.Equal(TimeSpan.FromSeconds(30), flight.Limit);
        _time.Advance(TimeSpan.FromSeconds(2));
        Assert.Equal(SourceError.TimedOut, (await impatient).Error);

        Task<FetchedDocument> patient = FetchAsync();
        _inner.Gate.SetResult();
        Assert.True((await patient).Succeeded);
        Assert.Equal(1, _inner.Held.Calls);
    }

    [Fact]
    public async Task Fetch_AskerLeaves_IsCancelledAlone()
    {
        using var cancel = new CancellationTokenSource();
        Task<FetchedDocument> leaver = FetchAsync(cancellationToken: cancel.Token);
        Task<FetchedDocument> stayer = FetchAsync();
        await cancel.CancelAsync();
        Assert.Equal(SourceError.Cancelled, (await leaver).Error);
        _inner.Gate.SetResult();
        Assert.True((await stayer).Succeeded);
    }

    [Fact]
    public async Task Fetch_PastDeadline_AnswersTimedOut() => Assert.Equal(SourceError.TimedOut, (await FetchAsync(TimeSpan.Zero)).Error);

    [Fact]
    public async Task Fetch_InnerThrows_TheAskerSeesItAndTheNextFliesAnew()
    {
        _inner.Defect = new InvalidOperationException("defect");
        _inner.Gate.SetResult();
        await Assert.ThrowsAsync<InvalidOperationException>(() => FetchAsync());
        _inner.Defect = null;
        Assert.True((await FetchAsync()).Succeeded);
    }

    [Fact]
    public async Task Dispose_WhileOneFlies_EndsItAndTellsItsAsker()
    {
        Task<FetchedDocument> asker = FetchAsync();
        await _inner.Asked.WaitAsync(Patience, TestContext.Current.CancellationToken);
        await _source.DisposeAsync().AsTask().WaitAsync(Patience, TestContext.Current.CancellationToken);
        Assert.Equal(SourceError.Cancelled, (await asker).Error);
        Assert.Equal(SourceError.Cancelled, (await FetchAsync()).Error);
    }

    private static TimeSpan Patience => TimeSpan.FromSeconds(10);

    private Task<FetchedDocument> FetchAsync(TimeSpan? limit = null, CancellationToken cancellationToken = default) =>
        _source.FetchAsync(_name, Deadline.In(limit ?? TimeSpan.FromSeconds(20), _time), cancellationToken).AsTask();

    private sealed class GatedDocuments : IDocumentSource
    {
        private readonly TaskCompletionSource<Deadline> _asked = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public FakeDocumentSource Held { get; } = new();
        public TaskCompletionSource Gate { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
        public Task<Deadline> Asked => _asked.Task;
        public Exception? Defect { get; set; }

        public async ValueTask<FetchedDocument> FetchAsync(DocumentName name, Deadline deadline, CancellationToken cancellationToken)
        {
            _asked.TrySetResult(deadline);
            await Gate.Task.WaitAsync(cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (Defect is { } defect) throw defect;
            return cancellationToken.IsCancellationRequested ? SourceError.Cancelled : await Held.FetchAsync(name, deadline, cancellationToken);
        }
    }
}
