using OsCircular.Blocks;
using OsCircular.Peers;
using OsCircular.Peers.Homes;
using OsCircular.Sources;
using OsCircular.TestKit;
using OsCircular.TestKit.Peers;
using OsCircular.TestKit.Sources;

namespace OsCircular.Tests.Peers.Homes;

public sealed class HomeFetchesTests : IAsyncDisposable
{
    private static readonly byte[] Block = TestBlocks.Make(1);
    private static readonly BlockName Name = BlockName.Of(Block);

    private readonly WatchedTime _time = new();
    private readonly RecordedLog _log = new();
    private readonly FakeBlockSource _mirror = new() { Gate = FakeBlockSource.Closed() };
    private readonly UnderWaySource _underWay;
    private readonly HomeFetches _homes;
    private bool _canFetch = true;

    public HomeFetchesTests()
    {
        _mirror.Add(Block);
        _underWay = new UnderWaySource(_mirror);
        HomeParts parts = new()
        {
            Blocks = new SingleFlightSource(_underWay, _time),
            Documents = new NowhereSource(),
            IsUnderWay = _underWay.IsUnderWay,
            Estimate = (_, _) => TimeSpan.FromSeconds(7),
            CanFetch = () => _canFetch,
            Check = _ => true,
        };
        _homes = new HomeFetches(parts, new PeerOptions { MaxHomeFetches = 4 }, _time, _log);
    }

    public ValueTask DisposeAsync() => _homes.DisposeAsync();

    [Fact]
    public async Task Fetch_AFastMirror_Gives()
    {
        _mirror.Gate.SetResult();
        HomeAnswer answer = await FetchAsync();
        Assert.Equal(HomeAnswerKind.Given, answer.Kind);
        Assert.Equal(Block, answer.Bytes.ToArray());
        Assert.Equal(Block.Length, await BytesAsync());
    }

    [Fact]
    public async Task Fetch_ASlowMirror_SaysWorkingAndGoesOnWithTheSameFetch()
    {
        for (int round = 0; round < 5; round++)
        {
            HomeAnswer working = await HoldAsync(FetchAsync());
            Assert.Equal(HomeAnswerKind.Working, working.Kind);
            Assert.Equal(TimeSpan.FromSeconds(7), working.Estimate);
        }

        Task<HomeAnswer> last = FetchAsync();
        _mirror.Gate.SetResult();
        Assert.Equal(HomeAnswerKind.Given, (await last).Kind);
        Assert.Equal(1, _mirror.Calls);
    }

    [Fact]
    public async Task Fetch_AllAskersLeave_IsFetchedAllTheSame()
    {
        using var cancel = new CancellationTokenSource();
        Task<HomeAnswer> asker = FetchAsync(cancellationToken: cancel.Token);
        await Eventually.IsSoAsync(() => _mirror.Calls == 1);
        await cancel.CancelAsync();
        await asker;
        _mirror.Gate.SetResult();
        Assert.Equal(Block.Length, await BytesAsync());
        Assert.Equal(1, _mirror.Calls);
    }

    [Fact]
    public async Task Fetch_AReaderAsksForWhatIsBeingFilled_RaisesIt()
    {
        Task<HomeAnswer> fill = FetchAsync(FetchClass.Fill);
        await Eventually.IsSoAsync(() => _mirror.Calls == 1);
        Assert.Equal(FetchClass.Fill, _mirror.Requests[0].Class);
        Task<HomeAnswer> reader = FetchAsync();
        Assert.Equal(FetchClass.Reader, _mirror.Requests[0].Class);
        _mirror.Gate.SetResult();
        await Task.WhenAll(fill, reader);
    }

    [Fact]
    public async Task Fetch_TheMirrorHasItNot_SaysMissing()
    {
        _mirror.Gate.SetResult();
        _mirror.Remove(Name);
        Assert.Equal(HomeAnswerKind.Missing, (await FetchAsync()).Kind);
    }

    [Fact]
    public async Task Fetch_ThisHostCannot_Refuses()
    {
        _canFetch = false;
        Assert.Equal(HomeAnswerKind.Refused, (await FetchAsync()).Kind);
        Assert.Equal(HomeAnswerKind.Refused, (await _homes.FetchAsync(new DocumentName(DocumentKind.IndexPage, default), default)).Kind);
        Assert.Equal(0, _mirror.Calls);
    }

    [Fact]
    public async Task Join_NothingUnderWay_IsMissingAndFetchesNothing()
    {
        Assert.Equal(HomeAnswerKind.Missing, (await FetchAsync(join: true)).Kind);
        Assert.Equal(0, _mirror.Calls);
    }

    [Fact]
    public async Task Join_UnderWay_WaitsAlong()
    {
        Task<HomeAnswer> asker = FetchAsync();
        await Eventually.IsSoAsync(() => _mirror.Calls == 1);
        _canFetch = false;
        Task<HomeAnswer> joiner = FetchAsync(join: true);
        _mirror.Gate.SetResult();
        Assert.Equal(HomeAnswerKind.Given, (await joiner).Kind);
        await asker;
        Assert.Equal(1, _mirror.Calls);
    }

    [Fact]
    public async Task Fetch_MoreThanItKeepsAtOneTime_Refuses()
    {
        Task<HomeAnswer>[] four = [.. Enumerable.Range(1, 4).Select(i => FetchAsync(block: TestBlocks.Make(i)))];
        Assert.Equal(HomeAnswerKind.Refused, (await FetchAsync(block: TestBlocks.Make(5))).Kind);
        Task<HomeAnswer> known = FetchAsync(block: TestBlocks.Make(1));
        _mirror.Gate.SetResult();
        await Task.WhenAll([.. four, known]);
        Assert.Equal(HomeAnswerKind.Given, (await known).Kind);
    }

    [Fact]
    public async Task Fetch_BlocksOfInventedLengths_AreBoundedInMemory()
    {
        HomeParts parts = new()
        {
            Blocks = _mirror,
            Documents = new NowhereSource(),
            IsUnderWay = _ => false,
            Estimate = (_, _) => TimeSpan.Zero,
            CanFetch = () => true,
            Check = _ => true,
        };
        await using HomeFetches homes = new(parts, new PeerOptions(), _time, _log);
        byte[] buffer = new byte[StoredBlock.MaxLength];
        int most = (int)(HomeFetches.MaxKeptBytes / StoredBlock.MaxLength);
        Task<HomeAnswer>[] askers = [.. Enumerable.Range(0, most).Select(i => homes.FetchAsync(BlockName.Of([(byte)i]), StoredBlock.MaxLength, FetchClass.Reader, false, buffer, default).AsTask())];
        Assert.Equal(HomeAnswerKind.Refused, (await homes.FetchAsync(Name, StoredBlock.MaxLength, FetchClass.Reader, false, buffer, default)).Kind);
        _mirror.Gate.SetResult();
        await Task.WhenAll(askers);
    }

    [Fact]
    public async Task Dispose_WhileFetching_EndsItAndRefusesFurther()
    {
        Task<HomeAnswer> asker = FetchAsync();
        await Eventually.IsSoAsync(() => _mirror.Calls >= 1);
        await _homes.DisposeAsync().AsTask().WaitAsync(TimeSpan.FromSeconds(10), TestContext.Current.CancellationToken);
        await HoldAsync(asker);
        Assert.Equal(HomeAnswerKind.Refused, (await FetchAsync()).Kind);
        Assert.Equal(0, _mirror.Running);
        Assert.Empty(_log.Lines);
    }

    // Lets the time go by that a home holds a request.
    private async Task<HomeAnswer> HoldAsync(Task<HomeAnswer> asker)
    {
        _time.Advance(HomeTiming.Hold);
        return await asker.WaitAsync(TimeSpan.FromSeconds(10), TestContext.Current.CancellationToken);
    }

    // The kept fetch ends a moment after its last asker was answered.
    private async Task<long> BytesAsync()
    {
        await Eventually.IsSoAsync(() => _homes.Bytes > 0);
        return _homes.Bytes;
    }

    private Task<HomeAnswer> FetchAsync(FetchClass fetchClass = FetchClass.Reader, bool join = false, byte[]? block = null, CancellationToken cancellationToken = default)
    {
        block ??= Block;
        return _homes.FetchAsync(BlockName.Of(block), block.Length, fetchClass, join, new byte[block.Length], cancellationToken).AsTask();
    }
}
