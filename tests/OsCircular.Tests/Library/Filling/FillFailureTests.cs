using CsCheck;
using OsCircular.Blocks;
using OsCircular.Cache;
using OsCircular.Library.Filling;
using OsCircular.Sources;
using OsCircular.TestKit.Disks;
using OsCircular.TestKit.Sources;

namespace OsCircular.Tests.Library.Filling;

/// <summary>A fill goes on until all is held: past failures, past a mirror that is gone, in a cache that is full of other things.</summary>
public sealed class FillFailureTests
{
    private const int Many = 200;
    private static readonly CacheOptions Small = new() { Quota = CacheOptions.MinQuota, FreeSpaceFloor = 0 };

    [Fact]
    public async Task Block_FailsAtFirst_IsFetchedAfterAPause()
    {
        await using FillRig rig = await FillRig.CreateAsync();
        TestDisk disk = rig.Publish("1", Many);
        BlockName bad = disk.BlockFiles.Keys.ElementAt(17);
        bool mended = false;
        rig.Rule = (request, _) => request.Name == bad && !Volatile.Read(ref mended) ? SourceError.Missing : Fault.None;
        rig.Begin("1");

        FillProgress pausing = await rig.WaitAsync("1", FillState.Pausing);
        Assert.Equal(pausing.BlocksTotal - 1, pausing.BlocksDone);
        Assert.Contains($"{bad}", pausing.Problem, StringComparison.Ordinal);
        Assert.Contains("missing", pausing.Problem, StringComparison.Ordinal);
        Volatile.Write(ref mended, true);
        Assert.InRange(await rig.PassPauseAsync(), TimeSpan.FromSeconds(0.75), TimeSpan.FromSeconds(1.25));

        FillProgress done = await rig.WaitAsync("1", FillState.Done);
        Assert.Null(done.Problem);
        Assert.Equal(done.BytesTotal, done.BytesFetched);
        Assert.Equal(disk.BlockFiles.Count, rig.Mirror.Calls);
    }

    [Fact]
    public async Task Mirror_Gone_IsAskedLittleAndLessAndLess()
    {
        await using FillRig rig = await FillRig.CreateAsync();
        rig.Publish("1", Many);
        int asked = 0;
        rig.Rule = (_, _) =>
        {
            Interlocked.Increment(ref asked);
            return SourceError.Unreachable;
        };
        rig.Begin("1");

        TimeSpan before = TimeSpan.Zero;
        for (int round = 1; round <= 4; round++)
        {
            TimeSpan pause = await rig.WaitForPauseAsync();
            Assert.True(pause > before);
            Assert.InRange(asked, round * FillJob.MostFailuresInRow, round * (FillJob.MostFailuresInRow + FillJob.MaxInFlight));
            before = pause;
            if (round == 4) rig.Rule = (_, _) => Fault.None;
            rig.Time.Advance(pause);
        }

        await rig.WaitAsync("1", FillState.Done);
    }

    [Fact]
    public async Task IndexPage_CannotBeHadAtFirst_IsFetchedAfterAPause()
    {
        await using FillRig rig = await FillRig.CreateAsync();
        TestDisk disk = rig.Publish("1", Many);
        rig.DocumentFailure = SourceError.Unreachable;
        rig.Begin("1");
        FillProgress pausing = await rig.WaitAsync("1", FillState.Pausing);
        Assert.Null(pausing.BlocksTotal);
        Assert.Contains("index", pausing.Problem, StringComparison.Ordinal);
        rig.DocumentFailure = SourceError.None;
        await rig.PassPauseAsync();
        await rig.WaitAsync("1", FillState.Done);
        Assert.Equal(disk.BlockFiles.Count, rig.Mirror.Calls);
    }

    [Fact]
    public async Task Version_LeavesTheManifestWhileItFails_IsGivenUp()
    {
        await using FillRig rig = await FillRig.CreateAsync();
        rig.Publish("1", 20);
        rig.Rule = (_, _) => SourceError.Missing;
        rig.Begin("1");
        await rig.WaitAsync("1", FillState.Pausing);
        rig.Retire("1");
        await rig.PassPauseAsync();
        Assert.Contains("not offered", (await rig.WaitAsync("1", FillState.Failed)).Problem, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Cache_FullOfOtherBlocks_MakesRoomForAllOfTheVersion()
    {
        await using FillRig rig = await FillRig.CreateAsync(Small);
        // Noise of 64 KiB: 15 MiB of 16, and read, so that they are worth more than a newcomer.
        for (int seed = 0; seed < 240; seed++) rig.Keep(TestBlocks.Make(seed, FillRig.BlockSize));
        for (int seed = 0; seed < 240; seed++) Assert.True(rig.Holds(TestBlocks.Make(seed, FillRig.BlockSize)));
        TestDisk disk = rig.Publish("1", 350);
        long stored = disk.BlockFiles.Values.Sum(file => (long)file.Length);
        Assert.InRange(stored, 6 << 20, 15 << 20);

        rig.Begin("1");
        await rig.WaitAsync("1", FillState.Done);
        Assert.All(disk.BlockFiles.Keys, name => Assert.True(rig.Store.MayHold(name)));
        Assert.Equal(disk.BlockFiles.Count, rig.Mirror.Calls);

        // Done (and let go of: the next fill came after that), it has no claim any more: what comes next may have its room.
        rig.PublishZeros("2");
        rig.Begin("2");
        await rig.WaitAsync("2", FillState.Done);
        for (int seed = 1000; seed < 1240; seed++) rig.Keep(TestBlocks.Make(seed, FillRig.BlockSize));
        Assert.Contains(disk.BlockFiles.Keys, name => !rig.Store.MayHold(name));
    }

    [Fact]
    public async Task Cache_FullOfWhatMustStay_FailsAndFetchesNothing()
    {
        await using FillRig rig = await FillRig.CreateAsync(Small, isPinned: _ => true);
        // All but 14 KiB, where the index page finds room, and then no block any more.
        for (int seed = 0; seed < 255; seed++) rig.Keep(TestBlocks.Make(seed, FillRig.BlockSize));
        rig.Keep(TestBlocks.Make(255, 50 * 1024));
        rig.Publish("1", Many);
        rig.Begin("1");
        for (int pauses = 0; pauses < 5; pauses++) await rig.PassPauseAsync();

        Assert.Contains("keeps nothing more", (await rig.WaitAsync("1", FillState.Failed)).Problem, StringComparison.Ordinal);
        Assert.Equal(0, rig.Mirror.Calls);
    }

    [Fact]
    public void PauseAfter_AnyRounds_GrowsToAMinute() => Gen.Select(Gen.Int[1, 1000], Gen.Double[0, 1]).Sample((rounds, chance) =>
    {
        TimeSpan pause = FillJob.PauseAfter(rounds, chance);
        return pause >= TimeSpan.FromSeconds(0.75) && pause <= TimeSpan.FromSeconds(75) && FillJob.PauseAfter(rounds + 1, chance) >= pause;
    });
}
