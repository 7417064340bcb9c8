using Microsoft.Extensions.Logging.Abstractions;
using OsCircular.Blocks;
using OsCircular.Cache;
using OsCircular.Cache.Repair;
using OsCircular.Sources;
using OsCircular.TestKit;
using OsCircular.TestKit.Peers;
using OsCircular.TestKit.Sources;

namespace OsCircular.Tests.Cache.Repair;

/// <summary>The scrub over a real cache, on a clock that is moved from wait to wait.</summary>
public sealed class ScrubTests : IAsyncDisposable
{
    private const int Length = 90_000;
    private static readonly byte[][] Blocks = [.. Enumerable.Range(0, 40).Select(i => TestBlocks.Make(i, Length))];

    private readonly TempDirectory _folder = new();
    private readonly WatchedTime _time = new();
    private BlockCache? _cache;

    public async ValueTask DisposeAsync()
    {
        if (_cache is not null) await _cache.DisposeAsync();
        _folder.Dispose();
    }

    [Fact]
    public async Task Scrub_AWholeRound_LooksAtAllAndSetsTheDamagedAside()
    {
        await FillAsync();
        Spoil(Blocks[7]);
        Spoil(Blocks[31]);
        await OpenAsync(scrubRate: Length);

        await PassAsync(Scrub.StartDelay);
        CacheStatus status = await UntilAsync(status => status.Scrub.IsDone);

        Assert.Equal((Blocks.Length, 2), (status.Scrub.Files, status.Scrub.Damaged));
        Assert.Equal(2, status.Counters[CacheCounter.Damaged]);
        Assert.Equal(2, status.DamagedWanting);
        Assert.Equal(2, status.KeptAside.Files);
        Assert.Equal([BlockName.Of(Blocks[7]), BlockName.Of(Blocks[31])], _cache!.DamagedBlocks.ToHashSet());
        Assert.False(File.Exists(FileOf(Blocks[7])));
    }

    [Fact]
    public async Task Scrub_AFileThatTheDiskDoesNotYield_IsSetAside()
    {
        await FillAsync();
        MakeUnreadable(Blocks[7]);
        await OpenAsync(scrubRate: Length);

        await PassAsync(Scrub.StartDelay);
        CacheStatus status = await UntilAsync(status => status.Scrub.IsDone);

        Assert.Equal((Blocks.Length, 1), (status.Scrub.Files, status.Scrub.Damaged));
        Assert.Equal([BlockName.Of(Blocks[7])], _cache!.DamagedBlocks);
        Assert.False(File.Exists(FileOf(Blocks[7])));
        Assert.Equal(CacheState.Ok, status.State);
    }

    [Fact]
    public async Task Scrub_ADiskThatYieldsNothing_IsNotEmptied()
    {
        await FillAsync();
        foreach (byte[] block in Blocks) MakeUnreadable(block);
        await OpenAsync(scrubRate: Length);

        await PassAsync(Scrub.StartDelay);
        CacheStatus status = await UntilAsync(status => status.Scrub.Files >= Blocks.Length);

        Assert.Equal(CacheState.Failing, status.State);
        Assert.InRange(Blocks.Count(block => new FileInfo(FileOf(block)).LinkTarget is null), 0, CacheHealth.ReadFailuresToPass);
    }

    [Fact]
    public async Task Scrub_Restarted_GoesOnWhereItWas()
    {
        await FillAsync();
        await OpenAsync(scrubRate: Length);
        await PassAsync(Scrub.StartDelay);
        await UntilAsync(status => status.Scrub.Files >= 15);
        long before = _cache!.Status.Scrub.Files;
        await _cache.DisposeAsync();

        await OpenAsync(scrubRate: Length);
        Assert.InRange(_cache.Status.Scrub.Files, before, before + 1);
        await PassAsync(Scrub.StartDelay);
        CacheStatus status = await UntilAsync(status => status.Scrub.IsDone);
        Assert.Equal(Blocks.Length, status.Scrub.Files);
    }

    [Fact]
    public async Task Scrub_RoundOver_BeginsTheNextAWeekAfterTheLastBegan()
    {
        await FillAsync();
        await OpenAsync(scrubRate: 1L << 30);
        await PassAsync(Scrub.StartDelay);
        DateTimeOffset first = (await UntilAsync(status => status.Scrub.IsDone)).Scrub.Started!.Value;
        Spoil(Blocks[3]);

        CacheStatus status = await UntilAsync(status => status.Scrub.Started > first && status.Scrub.IsDone);
        Assert.InRange(status.Scrub.Started!.Value - first, Scrub.RoundInterval, Scrub.RoundInterval + TimeSpan.FromHours(2));
        Assert.Equal(1, status.Scrub.Damaged);
    }

    [Fact]
    public async Task Scrub_ClockSetBack_IsDueAtOnce()
    {
        await FillAsync();
        string state = Path.Combine(_folder.Path, "agent", ScrubPlace.FileName);
        File.WriteAllBytes(state, (ScrubPlace.Begin(_time.GetUtcNow() + TimeSpan.FromDays(400)) with { IsDone = true }).ToBytes());
        await OpenAsync(scrubRate: 1L << 30);
        await PassAsync(Scrub.StartDelay);
        await UntilAsync(status => status.Scrub.IsDone && status.Scrub.Files == Blocks.Length);
    }

    [Fact]
    public async Task Scrub_DamagedDocument_IsSetAside()
    {
        await FillAsync();
        await OpenAsync(scrubRate: 0);
        byte[] page = TestBlocks.Make(1, 5000);
        DocumentName name = new(DocumentKind.IndexPage, Digest.Of(page));
        Assert.True(_cache!.Documents.TryStore(name, FetchedDocument.Verify(name, page)));
        await _cache.DisposeAsync();
        File.WriteAllBytes(Path.Combine(_folder.Path, name.Path), page[1..]);

        await OpenAsync(scrubRate: 1L << 30);
        await PassAsync(Scrub.StartDelay);
        await UntilAsync(status => status.Scrub.IsDone);
        Assert.Equal([name], _cache.DamagedDocuments);
        Assert.True(_cache.Documents.TryStore(name, FetchedDocument.Verify(name, page)));
        Assert.Empty(_cache.DamagedDocuments);
        Assert.Equal(1, _cache.Counters[CacheCounter.Healed]);
    }

    [Fact]
    public async Task Scrub_RateZero_IsOff()
    {
        await FillAsync();
        await OpenAsync(scrubRate: 0);
        Assert.Null(_cache!.Status.Scrub.Started);
        Assert.Equal(0, _cache.Status.Scrub.Rate);
    }

    private async Task FillAsync()
    {
        await OpenAsync(scrubRate: 0);
        foreach (byte[] block in Blocks) Assert.True(TestCache.TryStore(_cache!.Blocks, block));
        await _cache!.DisposeAsync();
    }

    private async Task OpenAsync(long scrubRate)
    {
        _cache = BlockCache.Open(_folder.Path, TestCache.Roomy with { ScrubRate = scrubRate }, _ => false, _time, NullLogger.Instance);
        await _cache.Loaded.WaitAsync(TimeSpan.FromSeconds(30));
    }

    private async Task PassAsync(TimeSpan wait)
    {
        await _time.WaitForTimerAsync(wait, wait);
        _time.Advance(wait);
    }

    // Each wait of the scrub passes as soon as it is begun.
    private async Task<CacheStatus> UntilAsync(Func<CacheStatus, bool> condition)
    {
        await Eventually.IsSoAsync(() =>
        {
            if (condition(_cache!.Status)) return true;
            _time.Advance(_cache.Status.Scrub.IsDone ? TimeSpan.FromMinutes(30) : TimeSpan.FromMilliseconds(500));
            return false;
        });
        return _cache!.Status;
    }

    private string FileOf(byte[] block) => Path.Combine(_folder.Path, RepositoryPaths.Block(BlockName.Of(block)));

    private void Spoil(byte[] block)
    {
        byte[] spoilt = [.. block];
        spoilt[5] ^= 0x40;
        File.WriteAllBytes(FileOf(block), spoilt);
    }

    // Reading it gives EIO, as on a bad spot of the disk: of a process's memory there is none at 0.
    private void MakeUnreadable(byte[] block)
    {
        File.Delete(FileOf(block));
        File.CreateSymbolicLink(FileOf(block), "/proc/self/mem");
    }
}
