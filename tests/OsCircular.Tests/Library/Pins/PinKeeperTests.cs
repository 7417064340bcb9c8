using OsCircular.Blocks;
using OsCircular.Cache;
using OsCircular.Indexes;
using OsCircular.Library.Filling;
using OsCircular.Library.Pins;
using OsCircular.Sources;
using OsCircular.TestKit;
using OsCircular.TestKit.Disks;
using OsCircular.Tests.Library.Filling;

namespace OsCircular.Tests.Library.Pins;

/// <summary>What is pinned is brought in and stays, over restarts and whatever else comes; what is not, does not.</summary>
public sealed class PinKeeperTests
{
    // About 3 MB stored; the quota is 16 MiB.
    private const int Many = 100;

    [Fact]
    public async Task Pin_AVersion_IsFilledAndNeverEvicted()
    {
        await using PinRig rig = await PinRig.CreateAsync();
        TestDisk disk = rig.Fill.Publish("1", Many);
        PinStatus begun = await rig.PinAsync("debian@1");
        Assert.Equal(VersionName.Parse("1"), begun.Kept);
        await rig.WaitUntilHeldAsync("debian@1", "1");
        rig.Flood();
        Assert.True(rig.HoldsAll(disk));
        Assert.Equal(disk.BlockFiles.Count, rig.Fill.Mirror.Calls);
        Assert.True(rig.Store.PinnedAndMissing == 0);
    }

    [Fact]
    public async Task Pin_NotAllHeldYet_WhatAReaderFetchesStays()
    {
        await using PinRig rig = await PinRig.CreateAsync();
        TestDisk disk = rig.Fill.Publish("1", Many);
        Gate gate = new(rig.Fill, FillJob.MaxInFlight);
        await rig.PinAsync("debian");
        await gate.ReachedAsync();
        BlockRow last = disk.Row(Enumerable.Range(0, Many).Last(block => disk.Row(block).StoredLength > 0));
        byte[] file = disk.BlockFiles[last.Name];
        Assert.True((await rig.Fill.Blocks.FetchAsync(TestKit.Sources.TestBlocks.Request(file), new byte[file.Length], default)).Succeeded);
        rig.Flood();
        Assert.True(rig.Fill.Holds(file));
        gate.Open();
        await rig.WaitUntilHeldAsync("debian", "1");
    }

    [Fact]
    public async Task Pin_BeyondTheQuota_IsRefusedWithTheNumbersAndNothingIsKept()
    {
        await using PinRig rig = await PinRig.CreateAsync();
        rig.Fill.Publish("1", 3 * Many);
        TestDisk second = rig.Fill.Publish("2", 6 * Many);
        Assert.True(second.BlockFiles.Values.Sum(file => file.Length) > 8 << 20, "the second is to be too large beside the first");
        await rig.PinAsync("debian@1");
        await rig.WaitUntilHeldAsync("debian@1", "1");

        UserError refused = await Assert.ThrowsAsync<UserError>(() => rig.PinAsync("debian@2"));
        Assert.Matches("debian@2 needs [0-9]+ MiB more, but of the quota of 16 MiB only [0-9]+ MiB can be pinned \\(pinned already: [0-9]+ MiB\\)", refused.Message);
        Assert.Equal(PinRig.Pin("debian@1"), Assert.Single(rig.Keeper.Status).Pin);
        Assert.Equal(0, rig.Store.PinnedAndMissing);
        Assert.DoesNotContain("\"2\"", await File.ReadAllTextAsync(rig.File, TestContext.Current.CancellationToken), StringComparison.Ordinal);
        Assert.DoesNotContain(rig.Fill.Mirror.Requests, request => second.BlockFiles.ContainsKey(request.Name));
    }

    [Fact]
    public async Task Pin_TheSameBlocksTwice_CountsThemOnce()
    {
        await using PinRig rig = await PinRig.CreateAsync();
        TestDisk disk = rig.Fill.Publish("1", 5 * Many);
        Assert.True(disk.BlockFiles.Values.Sum(file => file.Length) > 8 << 20, "two of it are to be too large");
        await rig.PinAsync("debian@1");
        await rig.PinAsync("debian");
        await rig.PinAsync("debian");
        await rig.WaitUntilHeldAsync("debian", "1");
        Assert.Equal(2, rig.Keeper.Status.Count);

        // One of them is left, and keeps them.
        await rig.UnpinAsync("debian@1");
        rig.Flood();
        Assert.True(rig.HoldsAll(disk));
    }

    [Fact]
    public async Task Unpin_TheLast_ItsBlocksGoAndTheFileToo()
    {
        await using PinRig rig = await PinRig.CreateAsync();
        TestDisk disk = rig.Fill.Publish("1", Many);
        await rig.PinAsync("debian");
        await rig.WaitUntilHeldAsync("debian", "1");
        UserError other = await Assert.ThrowsAsync<UserError>(() => rig.UnpinAsync("debian@1"));
        Assert.Contains("pinned are: debian", other.Message, StringComparison.Ordinal);
        await rig.UnpinAsync("debian");
        Assert.False(File.Exists(rig.File));
        Assert.True(rig.HoldsAll(disk));
        rig.Flood();
        Assert.True(rig.Fill.Cache.Cache.Status.BlockBytes > 12 << 20);
        await Eventually.IsSoAsync(() =>
        {
            rig.Flood();
            return !rig.HoldsAll(disk);
        });
    }

    [Fact]
    public async Task Unpin_WhileFilling_EndsTheFilling()
    {
        await using PinRig rig = await PinRig.CreateAsync();
        rig.Fill.Publish("1", Many);
        Gate gate = new(rig.Fill, FillJob.MaxInFlight);
        await rig.PinAsync("debian");
        await gate.ReachedAsync();
        await rig.UnpinAsync("debian");
        Assert.Equal(FillState.Stopped, rig.Fill.Progress("1").State);
        Assert.Equal(0, rig.Store.PinnedAndMissing);
    }

    [Fact]
    public async Task Restart_WhileFilling_GoesOnByItself()
    {
        await using PinRig rig = await PinRig.CreateAsync();
        TestDisk disk = rig.Fill.Publish("1", Many);
        rig.Fill.Rule = (_, call) => call > 30 ? SourceError.Unreachable : TestKit.Sources.Fault.None;
        await rig.PinAsync("debian");
        await rig.Fill.WaitAsync("1", FillState.Pausing);
        rig.Fill.Rule = (_, _) => TestKit.Sources.Fault.None;
        await rig.RestartAsync();
        await rig.WaitUntilHeldAsync("debian", "1");
        Assert.True(rig.HoldsAll(disk));
        rig.Flood();
        Assert.True(rig.HoldsAll(disk));
    }

    [Fact]
    public async Task Restart_WithoutTheCatalogue_WhatIsPinnedStays()
    {
        await using PinRig rig = await PinRig.CreateAsync();
        TestDisk disk = rig.Fill.Publish("1", Many);
        await rig.PinAsync("debian");
        await rig.WaitUntilHeldAsync("debian", "1");
        int calls = rig.Fill.Mirror.Calls;
        rig.Fill.DocumentFailure = SourceError.Unreachable;
        await rig.RestartAsync(meanwhile: RemoveCatalogue);
        await rig.WaitUntilHeldAsync("debian", "1");
        rig.Flood();
        Assert.True(rig.HoldsAll(disk));
        Assert.Equal(calls, rig.Fill.Mirror.Calls);
    }

    [Fact]
    public async Task Restart_BeforeThePinsAreKnown_NothingIsEvicted()
    {
        await using PinRig rig = await PinRig.CreateAsync();
        TestDisk disk = rig.Fill.Publish("1", Many);
        await rig.PinAsync("debian");
        await rig.WaitUntilHeldAsync("debian", "1");
        await rig.RestartAsync(beforePins: rig.Flood);
        Assert.True(rig.HoldsAll(disk));
    }

    [Fact]
    public async Task Restart_WithoutItsPages_NothingIsEvictedUntilTheyAreThere()
    {
        await using PinRig rig = await PinRig.CreateAsync();
        TestDisk disk = rig.Fill.Publish("1", Many);
        await rig.PinAsync("debian");
        await rig.WaitUntilHeldAsync("debian", "1");
        rig.Fill.DocumentFailure = SourceError.Unreachable;
        await rig.RestartAsync(meanwhile: cache => Directory.Delete(Path.Combine(cache, "indexes"), recursive: true));
        await Eventually.IsSoAsync(() => rig.Keeper.Trouble is not null);
        rig.Flood();
        Assert.True(rig.HoldsAll(disk));

        rig.Fill.DocumentFailure = SourceError.None;
        rig.Keeper.Look();
        await Eventually.IsSoAsync(() => rig.Keeper.Trouble is null);
        rig.Flood();
        Assert.True(rig.HoldsAll(disk));
    }

    [Fact]
    public async Task Damaged_WhatIsPinned_IsBroughtInAgainAndStaysPinned()
    {
        await using PinRig rig = await PinRig.CreateAsync();
        TestDisk disk = rig.Fill.Publish("1", Many);
        await rig.PinAsync("debian");
        await rig.WaitUntilHeldAsync("debian", "1");
        (BlockName name, byte[] file) = disk.BlockFiles.First();
        await File.WriteAllBytesAsync(rig.Fill.Cache.FileOf(name), new byte[file.Length], TestContext.Current.CancellationToken);
        Assert.False(rig.Store.Check(name));
        Assert.Equal(1, rig.Store.PinnedAndMissing);

        await Eventually.IsSoAsync(() =>
        {
            rig.Fill.Time.Advance(PinKeeper.Interval);
            return rig.Store.PinnedAndMissing == 0;
        });
        rig.Flood();
        Assert.True(rig.HoldsAll(disk));
    }

    [Fact]
    public async Task Pin_ByProfile_KeepsOnlyWhatItNames()
    {
        await using PinRig rig = await PinRig.CreateAsync();
        TestDisk disk = rig.Fill.Publish("1", Many);
        long[] first = [.. Enumerable.Range(0, Many).Where(block => disk.Row(block).StoredLength > 0).Skip(5).Take(7).Reverse()];
        rig.Fill.PublishProfile("1", [Enumerable.Range(0, Many).First(block => disk.Row(block).StoredLength == 0), .. first]);
        await rig.PinAsync("debian", profileOnly: true);
        await rig.WaitUntilHeldAsync("debian", "1", profileOnly: true);
        BlockName[] named = [.. first.Select(block => disk.Row(block).Name)];
        Assert.Equal(named.ToHashSet(), rig.Fill.Mirror.Requests.Select(request => request.Name).ToHashSet());
        rig.Flood();
        Assert.All(named, name => Assert.True(rig.Fill.Holds(disk.BlockFiles[name])));
    }

    [Fact]
    public async Task Pin_ByProfileWhereNoneIs_WaitsForOne()
    {
        await using PinRig rig = await PinRig.CreateAsync();
        TestDisk disk = rig.Fill.Publish("1", Many);
        await rig.PinAsync("debian", profileOnly: true);
        await rig.WaitUntilHeldAsync("debian", "1", profileOnly: true);
        Assert.Equal(0, rig.Fill.Mirror.Calls);

        long block = Enumerable.Range(0, Many).First(block => disk.Row(block).StoredLength > 0);
        rig.Fill.PublishProfile("1", block);
        rig.Keeper.Look();
        await Eventually.IsSoAsync(() => rig.Fill.Holds(disk.BlockFiles[disk.Row(block).Name]));
    }

    [Fact]
    public async Task Pin_NotOnOffer_IsRefused()
    {
        await using PinRig rig = await PinRig.CreateAsync();
        rig.Fill.Publish("1", Many);
        Assert.Contains("not on offer", (await Assert.ThrowsAsync<UserError>(() => rig.PinAsync("debian@2"))).Message, StringComparison.Ordinal);
        Assert.Contains("not on offer", (await Assert.ThrowsAsync<UserError>(() => rig.PinAsync("fedora"))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Pin_WithoutItsPages_IsRefused()
    {
        await using PinRig rig = await PinRig.CreateAsync();
        rig.Fill.Publish("1", Many);
        rig.Fill.DocumentFailure = SourceError.Unreachable;
        Assert.Contains("a page of the index", (await Assert.ThrowsAsync<UserError>(() => rig.PinAsync("debian"))).Message, StringComparison.Ordinal);
        Assert.Empty(rig.Keeper.Status);
    }

    [Fact]
    public async Task Restart_WithASmallerQuota_TellsTheNumbers()
    {
        await using PinRig rig = await PinRig.CreateAsync();
        rig.Fill.Publish("1", 5 * Many);
        await rig.PinAsync("debian");
        await rig.WaitUntilHeldAsync("debian", "1");
        await rig.RestartAsync(PinRig.Small with { Quota = 4 << 20 });
        await Eventually.IsSoAsync(() => rig.Keeper.Trouble?.Contains("but the quota has room for", StringComparison.Ordinal) == true);
    }

    [Fact]
    public async Task Restart_WithADamagedFile_EvictsNothingAndSaysSoUntilItIsRestored()
    {
        await using PinRig rig = await PinRig.CreateAsync();
        TestDisk disk = rig.Fill.Publish("1", Many);
        await rig.PinAsync("debian");
        await rig.WaitUntilHeldAsync("debian", "1");
        byte[] good = await File.ReadAllBytesAsync(rig.File, TestContext.Current.CancellationToken);
        await rig.RestartAsync(beforePins: () => File.WriteAllBytes(rig.File, good[..^20]));

        Assert.Contains("damaged; restore it, or remove it to pin nothing; until then nothing is evicted", rig.Keeper.Trouble, StringComparison.Ordinal);
        Assert.Contains("restore it", (await Assert.ThrowsAsync<UserError>(() => rig.PinAsync("debian@1"))).Message, StringComparison.Ordinal);
        Assert.Contains("restore it", (await Assert.ThrowsAsync<UserError>(() => rig.UnpinAsync("debian"))).Message, StringComparison.Ordinal);
        rig.Flood();
        Assert.True(rig.HoldsAll(disk));
        Assert.Equal(good[..^20], await File.ReadAllBytesAsync(rig.File, TestContext.Current.CancellationToken));

        await File.WriteAllBytesAsync(rig.File, good, TestContext.Current.CancellationToken);
        rig.Keeper.Look();
        await rig.WaitUntilHeldAsync("debian", "1");
        await Eventually.IsSoAsync(() => rig.Keeper.Trouble is null);
        rig.Flood();
        Assert.True(rig.HoldsAll(disk));
    }

    [Fact]
    public async Task Restart_WithADamagedFileThatIsThenRemoved_PinsNothing()
    {
        await using PinRig rig = await PinRig.CreateAsync();
        rig.Fill.Publish("1", Many);
        await rig.PinAsync("debian");
        await rig.WaitUntilHeldAsync("debian", "1");
        await rig.RestartAsync(beforePins: () => File.WriteAllText(rig.File, "{"));
        File.Delete(rig.File);
        rig.Keeper.Look();
        await Eventually.IsSoAsync(() =>
        {
            rig.Flood();
            return rig.Keeper.Trouble is null && rig.Fill.Cache.Cache.Status.Counters[CacheCounter.Evicted] > 0;
        });
        Assert.Empty(rig.Keeper.Status);
    }

    private static void RemoveCatalogue(string cache)
    {
        foreach (string file in Directory.GetFiles(Path.Combine(cache, "agent"), "catalog.*")) File.Delete(file);
    }
}
