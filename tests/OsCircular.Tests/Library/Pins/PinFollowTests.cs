using OsCircular.Indexes;
using OsCircular.Library.Filling;
using OsCircular.Library.Pins;
using OsCircular.TestKit;
using OsCircular.TestKit.Disks;
using OsCircular.Tests.Library.Filling;

namespace OsCircular.Tests.Library.Pins;

/// <summary>A pinned image follows its newest version; what becomes of the old one; what is kept of a version that is gone from the manifest.</summary>
public sealed class PinFollowTests
{
    private const int Many = 100;

    [Fact]
    public async Task NewVersion_RoomForBoth_TheOldStaysUntilTheNewIsHeld()
    {
        await using PinRig rig = await PinRig.CreateAsync();
        TestDisk old = rig.Fill.Publish("1", Many);
        await rig.PinAsync("debian");
        await rig.WaitUntilHeldAsync("debian", "1");

        TestDisk newer = rig.Fill.Publish("2", Many);
        Gate gate = new(rig.Fill, FillJob.MaxInFlight);
        rig.Keeper.Look();
        await gate.ReachedAsync();
        rig.Flood();
        Assert.True(rig.HoldsAll(old));
        Assert.Equal(VersionName.Parse("2"), Assert.Single(rig.Keeper.Status).Next);

        gate.Open();
        await rig.WaitUntilHeldAsync("debian", "2");
        await Eventually.IsSoAsync(() =>
        {
            rig.Flood();
            return !rig.HoldsAll(old);
        });
        Assert.True(rig.HoldsAll(newer));
    }

    [Fact]
    public async Task NewVersion_RoomForOneOnly_TheOldGoesFirst()
    {
        await using PinRig rig = await PinRig.CreateAsync();
        rig.Fill.Publish("1", 5 * Many);
        await rig.PinAsync("debian");
        await rig.WaitUntilHeldAsync("debian", "1");
        TestDisk newer = rig.Fill.Publish("2", 5 * Many + 1);
        rig.Keeper.Look();
        await rig.WaitUntilHeldAsync("debian", "2");
        Assert.True(rig.HoldsAll(newer));
    }

    [Fact]
    public async Task NewVersion_NoRoomAtAll_TheOldStaysAndTheNumbersAreTold()
    {
        await using PinRig rig = await PinRig.CreateAsync();
        TestDisk old = rig.Fill.Publish("1", Many);
        await rig.PinAsync("debian");
        await rig.WaitUntilHeldAsync("debian", "1");
        TestDisk larger = rig.Fill.Publish("2", 12 * Many);
        Assert.True(larger.BlockFiles.Values.Sum(file => (long)file.Length) > 16 << 20, "it is to be too large");
        rig.Keeper.Look();
        await Eventually.IsSoAsync(() => rig.Keeper.Status[0].Problem is not null);
        PinStatus status = rig.Keeper.Status[0];
        Assert.Contains("debian@2 needs", status.Problem, StringComparison.Ordinal);
        Assert.Equal((VersionName.Parse("1"), PinState.Held), (status.Kept!.Value, status.State));
        rig.Flood();
        Assert.True(rig.HoldsAll(old));
    }

    [Fact]
    public async Task NewVersion_OfAPinnedVersion_ChangesNothing()
    {
        await using PinRig rig = await PinRig.CreateAsync();
        rig.Fill.Publish("1", Many);
        await rig.PinAsync("debian@1");
        await rig.WaitUntilHeldAsync("debian@1", "1");
        rig.Fill.Publish("2", Many);
        await rig.RestartAsync();
        await rig.WaitUntilHeldAsync("debian@1", "1");
        Assert.Null(rig.Keeper.Status[0].Next);
    }

    [Fact]
    public async Task Version_GoneFromTheManifest_StaysAndIsToldOf()
    {
        await using PinRig rig = await PinRig.CreateAsync();
        TestDisk disk = rig.Fill.Publish("1", Many);
        await rig.PinAsync("debian@1");
        await rig.WaitUntilHeldAsync("debian@1", "1");
        rig.Fill.Retire("1");
        rig.Keeper.Look();
        await Eventually.IsSoAsync(() => rig.Keeper.Versions is [{ Version.Retired: not null }]);
        rig.Fill.Forget("1");
        await rig.RestartAsync();
        await rig.WaitUntilHeldAsync("debian@1", "1");
        Assert.Equal((ImageName.Parse("debian"), disk.Root), (rig.Keeper.Versions[0].Image, rig.Keeper.Versions[0].Version.Index));
        rig.Flood();
        Assert.True(rig.HoldsAll(disk));
    }

    [Fact]
    public async Task Recorded_WhileNoAgentRan_IsTakenUpByTheNext()
    {
        await using PinRig rig = await PinRig.CreateAsync();
        TestDisk disk = rig.Fill.Publish("1", Many);
        await rig.RestartAsync(meanwhile: cache => File.WriteAllBytes(
            Path.Combine(cache, "agent", "pins.json"), PinBook.ToBytes([new PinEntry(PinRig.Pin("debian"), null), new PinEntry(PinRig.Pin("fedora"), null)])));
        await rig.WaitUntilHeldAsync("debian", "1");
        Assert.True(rig.HoldsAll(disk));
        Assert.Equal("no version of it is on offer", rig.Keeper.Status[1].Problem);
    }
}
