using Microsoft.Extensions.Logging.Abstractions;
using OsCircular.Library.Filling;
using OsCircular.Library.Retaining;
using OsCircular.Sources;
using OsCircular.TestKit;
using OsCircular.TestKit.Disks;
using OsCircular.Tests.Library.Filling;

namespace OsCircular.Tests.Library.Retaining;

/// <summary>An open version that is retired is taken in while mirrors still have it, by the filler and at its pace.</summary>
public sealed class RetainedVersionsTests
{
    private const int Few = 20;

    [Fact]
    public async Task Look_RetiredVersionThatIsOpen_IsFilled()
    {
        await using FillRig rig = await FillRig.CreateAsync();
        TestDisk disk = rig.Publish("1", Few);
        rig.Retire("1");
        await using RetainedVersions retained = Retain(rig, isOpen: () => true);
        retained.Start();

        await Eventually.IsSoAsync(() => retained.Status is [{ IsHeld: true, IsOpen: true, IsGone: false }]);
        Assert.All(disk.BlockFiles.Values, file => Assert.True(rig.Holds(file)));
        Assert.Equal(FillState.Done, rig.Progress("1").State);
    }

    [Fact]
    public async Task Look_FillingWasStopped_IsBegunAgainAtItsTimeAndNotAtOnce()
    {
        await using FillRig rig = await FillRig.CreateAsync();
        rig.Publish("1", Few);
        rig.Retire("1");
        rig.DocumentFailure = SourceError.Unreachable;
        int looks = 0;
        await using RetainedVersions retained = Retain(rig, () =>
        {
            Interlocked.Increment(ref looks);
            return true;
        });
        retained.Start();
        await Eventually.IsSoAsync(() => rig.Filler.Progress is [{ State: FillState.Pausing }]);

        // Its end is a reason to look, and so is every manifest.
        Assert.True(rig.Filler.Stop(FillRig.Name("1")));
        await rig.WaitAsync("1", FillState.Stopped);
        for (int more = 0; more < 5; more++)
        {
            // One of them is of taking the manifest, two of each look.
            int before = Volatile.Read(ref looks);
            retained.Take(rig.Parts.Manifest()!);
            await Eventually.IsSoAsync(() => Volatile.Read(ref looks) >= before + 3);
        }

        Assert.Equal(FillState.Stopped, rig.Progress("1").State);
        rig.Time.Advance(TimeSpan.FromMinutes(10));
        await Eventually.IsSoAsync(() =>
        {
            retained.Take(rig.Parts.Manifest()!);
            return rig.Filler.Progress is [{ HasEnded: false }];
        });
    }

    [Fact]
    public async Task Look_RetiredVersionThatNobodyHasOpen_IsLeftAlone()
    {
        await using FillRig rig = await FillRig.CreateAsync();
        rig.Publish("1", Few);
        rig.Retire("1");
        int looks = 0;
        await using RetainedVersions retained = Retain(rig, () =>
        {
            Interlocked.Increment(ref looks);
            return false;
        });
        retained.Start();

        // Two of each look, and one of taking the manifest between them.
        await Eventually.IsSoAsync(() => Volatile.Read(ref looks) >= 2);
        retained.Take(rig.Parts.Manifest()!);
        await Eventually.IsSoAsync(() => Volatile.Read(ref looks) >= 5);
        Assert.Empty(rig.Filler.Progress);
    }

    private static RetainedVersions Retain(FillRig rig, Func<bool> isOpen) => new(
        new RetainParts
        {
            Cache = rig.Cache.Cache,
            Filler = rig.Filler,
            IsOpen = (_, _) => isOpen(),
            IsPinned = (_, _) => false,
            WasTakenOver = () => false,
            Show = _ => { },
            Time = rig.Time,
        },
        rig.Parts.Manifest()!,
        NullLogger<RetainedVersions>.Instance);
}
