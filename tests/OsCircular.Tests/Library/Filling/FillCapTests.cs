using OsCircular.Library.Filling;
using OsCircular.Sources.Rates;
using OsCircular.TestKit;
using OsCircular.TestKit.Disks;
using OsCircular.TestKit.Sources;

namespace OsCircular.Tests.Library.Filling;

/// <summary>Filling keeps to its cap and its hours, and a reader who wants the same is held by neither.</summary>
public sealed class FillCapTests
{
    [Fact]
    public async Task Hours_NothingNow_WaitsForThemAndSaysSo()
    {
        // The test's clock begins at midnight.
        await using FillRig rig = await FillRig.CreateAsync(cap: time => new RateCap(new RateSchedule(null, new RateSpan(new TimeOnly(0, 0), new TimeOnly(6, 0), 0)), time));
        TestDisk disk = rig.Publish("1", 40);
        rig.Begin("1");
        await Eventually.IsSoAsync(() => rig.Progress("1") is { State: FillState.Pausing, Problem: { } problem } && problem.Contains("at this hour", StringComparison.Ordinal));
        rig.Time.Advance(TimeSpan.FromHours(1));
        Assert.Equal((TimeSpan.Zero, 0), (rig.Progress("1").Quiet, rig.Mirror.Calls));

        byte[] wanted = disk.BlockFiles.Values.First();
        Assert.True((await rig.Blocks.FetchAsync(TestBlocks.Request(wanted), new byte[wanted.Length], default).AsTask().WaitAsync(FillRig.Patience)).Succeeded);

        rig.Time.Advance(TimeSpan.FromHours(5));
        FillProgress done = await rig.WaitAsync("1", FillState.Done);
        Assert.Null(done.Problem);
        Assert.All(disk.BlockFiles.Values, file => Assert.True(rig.Holds(file)));
    }

    [Fact]
    public async Task Rate_Capped_IsKept()
    {
        const long Rate = 1 << 20;
        await using FillRig rig = await FillRig.CreateAsync(cap: time => new RateCap(new RateSchedule(Rate), time));
        TestDisk disk = rig.Publish("1", 100);
        long bytes = disk.BlockFiles.Values.Sum(file => (long)file.Length), largest = disk.BlockFiles.Values.Max(file => file.Length);
        rig.Begin("1");
        double passed = 0;

        // Both bounds hold however far the job gets between two steps of the clock.
        await Eventually.IsSoAsync(
            () =>
            {
                if (rig.Progress("1").State == FillState.Done) return true;
                long before = rig.Mirror.Requests.Sum(request => (long)request.StoredLength);
                Assert.InRange(before, 0, (Rate * (passed + 0.1)) + largest);
                rig.Time.Advance(TimeSpan.FromMilliseconds(20));
                passed += 0.02;
                return false;
            },
            "all is filled");

        Assert.True(passed > 0.9 * ((bytes - largest) / (double)Rate - 0.1));
    }
}
