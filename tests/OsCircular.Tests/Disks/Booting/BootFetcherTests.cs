using System.Collections.Concurrent;
using Microsoft.Extensions.Logging.Abstractions;
using OsCircular.Blocks;
using OsCircular.Disks;
using OsCircular.Disks.Booting;
using OsCircular.Indexes;
using OsCircular.Sources;
using OsCircular.TestKit;
using OsCircular.TestKit.Disks;
using OsCircular.TestKit.Sources;

namespace OsCircular.Tests.Disks.Booting;

public sealed class BootFetcherTests : IAsyncDisposable
{
    private const int BlockSize = BlockGeometry.MinBlockSize;
    private const int AtOnce = 16;

    private static readonly TestDisk Image = new(new BlockGeometry(200 * BlockSize, BlockSize), zeros: 0);
    private static readonly long[] Profile = [.. Enumerable.Range(0, 40).Select(i => (long)((i * 7) % 100))];

    private readonly ConcurrentDictionary<BlockName, byte> _held = new();
    private readonly TestService _service = new();
    private readonly BootFetcher _boots;
    private readonly BootedDisk _booted;
    private bool _keeps = true;

    public BootFetcherTests()
    {
        Disk disk = _service.Open(Image, local: false, upstream: true);
        Digest profile = _service.Documents.Add(DocumentKind.Profile, new BootProfile(Profile).ToBytes()).Digest;
        _booted = new BootedDisk(ImageName.Parse("debian"), VersionName.Parse("1"), profile, disk);
        BootParts parts = new()
        {
            Blocks = new Keeping(this),
            Documents = _service.Documents,
            CacheLoaded = Task.CompletedTask,
            IsHeld = name => _held.ContainsKey(name),
            Time = TimeProvider.System,
        };
        _boots = new BootFetcher(parts, NullLogger<BootFetcher>.Instance);
    }

    public async ValueTask DisposeAsync()
    {
        await _boots.DisposeAsync();
        await _service.DisposeAsync();
    }

    [Fact]
    public async Task Begin_AColdCache_FetchesJustTheProfileInItsClass()
    {
        _boots.Begin(_booted);
        BootProgress end = await EndAsync();
        Assert.Equal((BootState.Done, 40, 0), (end.State, end.Fetched, end.Held));
        Assert.Equal(NamesOf(Profile), RequestedNames());
        Assert.All(_service.Upstream.Requests, request => Assert.Equal(FetchClass.Profile, request.Class));
        Assert.Equal(end.FetchedBytes, Profile.Sum(block => (long)Image.Row(block).StoredLength));
    }

    [Fact]
    public async Task Begin_ManyBlocks_AsksForTheFirstAndForFewAtOnce()
    {
        _service.Upstream.Gate = FakeBlockSource.Closed();
        _boots.Begin(_booted);
        await Eventually.IsSoAsync(() => _service.Upstream.Calls == AtOnce);
        Assert.Equal(NamesOf(Profile[..AtOnce]), RequestedNames());
        _service.Upstream.Gate.SetResult();
        await EndAsync();
        Assert.Equal(AtOnce, _service.Upstream.MostRunning);
    }

    [Fact]
    public async Task Begin_WhatIsHeldOrAskedForByTheGuest_IsPassedOver()
    {
        foreach (long block in Profile[20..30]) _held[Image.Row(block).Name] = 0;
        _service.Upstream.Gate = FakeBlockSource.Closed();
        _boots.Begin(_booted);
        await Eventually.IsSoAsync(() => _service.Upstream.Calls == AtOnce);
        TestRead read = new TestRead().Start(_booted.Disk, Profile[35] * BlockSize, 512);
        await Eventually.IsSoAsync(() => _service.Upstream.Calls == AtOnce + 1);
        _service.Upstream.Gate.SetResult();
        BootProgress end = await EndAsync();
        await read.Done;
        Assert.Equal((29, 11), (end.Fetched, end.Held));

        // What it asks for now was fetched for it; the one before was not.
        foreach (long block in Profile[..5]) await TestRead.OfAsync(_booted.Disk, block * BlockSize, 512);
        Assert.Equal(5, Assert.Single(_boots.Progress).Used);
    }

    [Fact]
    public async Task Begin_GuestElsewhere_FetchesNothingMore()
    {
        _service.Upstream.Gate = FakeBlockSource.Closed();
        _boots.Begin(_booted);
        await Eventually.IsSoAsync(() => _service.Upstream.Calls == AtOnce);
        List<TestRead> reads = [];
        for (int i = 0; i < BootRule.Window; i++) reads.Add(new TestRead().Start(_booted.Disk, (120L + i) * BlockSize, 512));
        await Eventually.IsSoAsync(() => _service.Upstream.Calls == AtOnce + BootRule.Window);
        _service.Upstream.Gate.SetResult();
        BootProgress end = await EndAsync();
        foreach (TestRead read in reads) await read.Done;
        Assert.Equal((BootState.Stopped, AtOnce), (end.State, end.Fetched));
        Assert.Contains("elsewhere", end.Problem, StringComparison.Ordinal);
    }

    [Fact]
    public async Task End_WhileItFetches_LetsOnlyWhatIsInFlightCome()
    {
        _service.Upstream.Gate = FakeBlockSource.Closed();
        _boots.Begin(_booted);
        await Eventually.IsSoAsync(() => _service.Upstream.Calls == AtOnce);
        _boots.End(_booted);
        _service.Upstream.Gate.SetResult();
        await Eventually.IsSoAsync(() => _boots.Totals.Blocks == AtOnce);
        Assert.Equal(BootState.Stopped, Assert.Single(_boots.Progress).State);
    }

    [Fact]
    public async Task Begin_AgainWhileItFetches_ChangesNothingAndLaterFindsAllHeld()
    {
        _boots.Begin(_booted);
        _boots.Begin(_booted);
        await EndAsync();
        _boots.Begin(_booted);
        await Eventually.IsSoAsync(() => _boots.Progress.All(boot => boot.State == BootState.Done) && _boots.Progress.Count == 1);
        Assert.Equal(40, Assert.Single(_boots.Progress).Fetched);
        Assert.Equal(40, _service.Upstream.Calls);
    }

    [Fact]
    public async Task Begin_CacheThatKeepsNothing_IsGivenUpSoon()
    {
        _keeps = false;
        _boots.Begin(_booted);
        BootProgress end = await EndAsync();
        Assert.Equal((BootState.Failed, 0), (end.State, end.Fetched));
        Assert.InRange(_service.Upstream.Calls, 1, 2 * AtOnce);
    }

    [Fact]
    public async Task Begin_SourcesThatHaveNothing_IsGivenUp()
    {
        foreach (long block in Profile) _service.Upstream.Remove(Image.Row(block).Name);
        _boots.Begin(_booted);
        BootProgress end = await EndAsync();
        Assert.Equal((BootState.Failed, 0), (end.State, end.Fetched));
        Assert.Contains("could not be had (missing)", end.Problem, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Begin_NoProfileToBeHad_SaysSo()
    {
        _boots.Begin(_booted with { Profile = Digest.Of("gone"u8) });
        BootProgress end = await EndAsync();
        Assert.Equal(BootState.Failed, end.State);
        Assert.Contains("the profile could not be had", end.Problem, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Begin_WhileAReaderWaits_KeepsLittleInFlightAndTheReaderGoesFirst()
    {
        // One place in all: whoever is let in next shows who goes first.
        FakeBlockSource line = new(Image.BlockFiles) { Gate = FakeBlockSource.Closed() };
        PrioritySource priorities = new(line, 1, TimeProvider.System);
        BootParts parts = new()
        {
            Blocks = priorities,
            Documents = _service.Documents,
            CacheLoaded = Task.CompletedTask,
            IsHeld = _ => false,
            Time = TimeProvider.System,
        };
        await using BootFetcher boots = new(parts, NullLogger<BootFetcher>.Instance);
        boots.Begin(_booted);
        await Eventually.IsSoAsync(() => line.Calls == 1);
        BlockRow wanted = Image.Row(150);
        BlockRequest request = new(wanted.Name, wanted.StoredLength, FetchClass.Reader, Deadline.In(TimeSpan.FromSeconds(60), TimeProvider.System));
        Task<Fetched> reader = priorities.FetchAsync(request, new byte[wanted.StoredLength], TestContext.Current.CancellationToken).AsTask();
        await Eventually.IsSoAsync(() => line.Calls == 2);
        Assert.Equal(wanted.Name, line.Requests[1].Name);
        line.Gate.SetResult();
        Assert.True((await reader).Succeeded);
    }

    // Several are asked for at one time, in no order among themselves.
    private static string[] NamesOf(IEnumerable<long> blocks) => [.. blocks.Select(block => Image.Row(block).Name.ToString()).Order(StringComparer.Ordinal)];

    private string[] RequestedNames() => [.. _service.Upstream.Requests.Select(request => request.Name.ToString()).Order(StringComparer.Ordinal)];

    private async Task<BootProgress> EndAsync()
    {
        await Eventually.IsSoAsync(() => _boots.Progress.All(boot => boot.State != BootState.Fetching));
        return _boots.Progress[^1];
    }

    private sealed class Keeping(BootFetcherTests rig) : IBlockSource
    {
        public async ValueTask<Fetched> FetchAsync(BlockRequest request, Memory<byte> destination, CancellationToken cancellationToken)
        {
            Fetched fetched = await rig._service.Upstream.FetchAsync(request, destination, cancellationToken);
            if (fetched.Succeeded && rig._keeps) rig._held[request.Name] = 0;
            return fetched;
        }

        public override string ToString() => "keeping";
    }
}
