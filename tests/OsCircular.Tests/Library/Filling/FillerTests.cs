using OsCircular.Blocks;
using OsCircular.Indexes;
using OsCircular.Library.Filling;
using OsCircular.Sources;
using OsCircular.TestKit.Disks;
using OsCircular.TestKit.Sources;

namespace OsCircular.Tests.Library.Filling;

/// <summary>What a fill brings in, in which order, and who decides what comes next.</summary>
public sealed class FillerTests
{
    private const int Many = 200;

    [Fact]
    public async Task Begin_EmptyCache_InTheEndAllIsHeld()
    {
        await using FillRig rig = await FillRig.CreateAsync();
        TestDisk disk = rig.Publish("1", Many);
        Assert.Equal("1", rig.Filler.Begin(VersionReference.Parse("debian")).Version.ToString());

        FillProgress done = await rig.WaitAsync("1", FillState.Done);
        Assert.All(disk.BlockFiles.Values, file => Assert.True(rig.Holds(file)));
        Assert.Equal(disk.BlockFiles.Count, rig.Mirror.Calls);
        Assert.Equal((disk.BlockFiles.Count, disk.BlockFiles.Count), (done.BlocksDone, done.BlocksTotal));
        long bytes = disk.BlockFiles.Values.Sum(file => (long)file.Length);
        Assert.Equal((bytes, bytes, bytes), (done.BytesDone, done.BytesTotal, done.BytesFetched));
        Assert.Null(done.Problem);
    }

    [Fact]
    public async Task Begin_SomeIsHeld_OnlyTheRestIsFetched()
    {
        await using FillRig rig = await FillRig.CreateAsync();
        TestDisk disk = rig.Publish("1", Many);
        HashSet<BlockName> held = [.. disk.BlockFiles.Values.Take(30).Select(rig.Keep)];
        rig.Begin("1");
        FillProgress done = await rig.WaitAsync("1", FillState.Done);
        Assert.Equal(disk.BlockFiles.Keys.Except(held).ToHashSet(), rig.Mirror.Requests.Select(request => request.Name).ToHashSet());
        Assert.Equal(done.BlocksTotal, done.BlocksDone);
        Assert.Equal(rig.Mirror.Requests.Sum(request => (long)request.StoredLength), done.BytesFetched);
    }

    [Fact]
    public async Task Begin_NothingButZeros_IsDoneAtOnce()
    {
        await using FillRig rig = await FillRig.CreateAsync();
        rig.PublishZeros("1");
        rig.Begin("1");
        Assert.Equal(0, (await rig.WaitAsync("1", FillState.Done)).BlocksTotal);
        Assert.Equal(0, rig.Mirror.Calls);
    }

    [Fact]
    public async Task Fetches_BeginAtThisHostsPlaceAndWrapAround()
    {
        await using FillRig rig = await FillRig.CreateAsync();
        TestDisk disk = rig.Publish("1", Many);
        const long Start = Many - 7;
        rig.Place = count => count == Many ? Start : throw new ArgumentOutOfRangeException(nameof(count));
        Gate gate = new(rig, FillJob.MaxInFlight);
        rig.Begin("1");
        await gate.ReachedAsync();

        BlockName[] wanted = [.. Enumerable.Range(0, Many).Select(step => disk.Row((Start + step) % Many)).Where(row => row.StoredLength > 0).Select(row => row.Name)];
        Assert.Equal(wanted.Take(FillJob.MaxInFlight).ToHashSet(), gate.Names.ToHashSet());
        gate.Open();
        await rig.WaitAsync("1", FillState.Done);
        Assert.Equal(wanted.Length, rig.Mirror.Calls);
    }

    [Fact]
    public async Task Fetches_AreOfTheLowestClassAndFew()
    {
        await using FillRig rig = await FillRig.CreateAsync();
        rig.Publish("1", Many);
        rig.Begin("1");
        await rig.WaitAsync("1", FillState.Done);
        Assert.All(rig.Mirror.Requests, request => Assert.Equal(FetchClass.Fill, request.Class));
        Assert.InRange(rig.Mirror.MostRunning, 1, FillJob.MaxInFlight);
    }

    [Fact]
    public async Task Reader_WhileTheLineIsFullOfFilling_IsNotHeldBack()
    {
        await using FillRig rig = await FillRig.CreateAsync(line: mirror => new PrioritySource(mirror, PrioritySource.DefaultMaxInFlight, TimeProvider.System));
        rig.Publish("1", Many);
        byte[] wanted = TestBlocks.Make(1);
        rig.Mirror.Add(wanted);
        Gate gate = new(rig, PrioritySource.DefaultMaxInFlight);
        rig.Begin("1");
        await gate.ReachedAsync();

        Fetched read = await rig.Blocks.FetchAsync(TestBlocks.Request(wanted), new byte[wanted.Length], TestContext.Current.CancellationToken).AsTask().WaitAsync(FillRig.Patience);
        Assert.True(read.Succeeded);
        Assert.Equal(FillState.Filling, rig.Progress("1").State);
        gate.Open();
        await rig.WaitAsync("1", FillState.Done);
    }

    [Fact]
    public async Task Begin_Twice_IsOneFill()
    {
        await using FillRig rig = await FillRig.CreateAsync();
        TestDisk disk = rig.Publish("1", Many);
        Gate gate = new(rig, 1);
        rig.Begin("1");
        await gate.ReachedAsync();
        Assert.Equal(FillState.Filling, rig.Begin("1").State);
        gate.Open();
        await rig.WaitAsync("1", FillState.Done);
        Assert.Equal(disk.BlockFiles.Count, rig.Mirror.Calls);

        // Once more when it is over: looked through anew, and told of once.
        rig.Begin("1");
        Assert.Equal(0, (await rig.WaitAsync("1", FillState.Done)).BytesFetched);
    }

    [Fact]
    public async Task Begin_WhileAnotherIsFilled_WaitsForItsTurn()
    {
        await using FillRig rig = await FillRig.CreateAsync();
        TestDisk first = rig.Publish("1", 40);
        TestDisk second = rig.Publish("2", 50);
        Gate gate = new(rig, 1);
        rig.Begin("1");
        rig.Begin("2");
        await gate.ReachedAsync();
        Assert.Equal(FillState.Waiting, rig.Progress("2").State);
        Assert.All(gate.Names, name => Assert.Contains(name, first.BlockFiles.Keys));
        gate.Open();
        await rig.WaitAsync("1", FillState.Done);
        await rig.WaitAsync("2", FillState.Done);
        Assert.All(second.BlockFiles.Values, file => Assert.True(rig.Holds(file)));
    }

    [Fact]
    public async Task Stop_WhileFilling_EndsItAndTheNextBegins()
    {
        await using FillRig rig = await FillRig.CreateAsync();
        rig.Publish("1", Many);
        rig.Publish("2", 20);
        Gate gate = new(rig, FillJob.MaxInFlight);
        rig.Begin("1");
        await gate.ReachedAsync();
        gate.LetPassFromNowOn();
        rig.Begin("2");
        Assert.True(rig.Filler.Stop(FillRig.Name("1")));
        Assert.Equal(FillState.Stopped, rig.Progress("1").State);
        await rig.WaitAsync("2", FillState.Done);
        Assert.False(rig.Filler.Stop(FillRig.Name("1")));
        Assert.True(rig.Progress("1").BlocksDone < Many / 2);
    }

    [Fact]
    public async Task Stop_WhileWaiting_IsNeverBegun()
    {
        await using FillRig rig = await FillRig.CreateAsync();
        rig.Publish("1", 20);
        TestDisk second = rig.Publish("2", 30);
        rig.Publish("3", 10);
        Gate gate = new(rig, 1);
        rig.Begin("1");
        rig.Begin("2");
        rig.Begin("3");
        await gate.ReachedAsync();
        Assert.True(rig.Filler.Stop(FillRig.Name("2")));
        gate.Open();
        await rig.WaitAsync("3", FillState.Done);
        Assert.Equal(FillState.Stopped, rig.Progress("2").State);
        Assert.DoesNotContain(rig.Mirror.Requests, request => second.BlockFiles.ContainsKey(request.Name));
    }

    [Fact]
    public async Task Dispose_WhileFilling_Ends()
    {
        FillRig rig = await FillRig.CreateAsync();
        rig.Publish("1", Many);
        Gate gate = new(rig, 1);
        rig.Begin("1");
        await gate.ReachedAsync();
        await rig.DisposeAsync();
        Assert.Equal(FillState.Stopped, rig.Progress("1").State);
    }

    [Fact]
    public async Task Begin_LargerThanTheQuota_IsRefusedWithTheNumbers()
    {
        await using FillRig rig = await FillRig.CreateAsync(new() { Quota = 16 << 20, FreeSpaceFloor = 0 });
        rig.Publish("1", 400, storedBytes: 20 << 20);
        UserError refused = Assert.Throws<UserError>(() => rig.Begin("1"));
        Assert.Contains("takes 20 MiB", refused.Message, StringComparison.Ordinal);
        Assert.Contains("16 MiB at most", refused.Message, StringComparison.Ordinal);
        Assert.Empty(rig.Filler.Progress);
    }

    [Fact]
    public async Task Begin_NotOnOffer_IsRefused()
    {
        await using FillRig rig = await FillRig.CreateAsync();
        rig.Publish("1", 10);
        rig.Publish("2", 10);
        rig.Retire("1");
        Assert.Throws<UserError>(() => rig.Begin("3"));
        Assert.Throws<UserError>(() => rig.Begin("1"));
        Assert.Throws<UserError>(() => rig.Filler.Begin(VersionReference.Parse("fedora")));
    }
}
