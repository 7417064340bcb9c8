using OsCircular.Blocks;
using OsCircular.Cache;
using OsCircular.Library.Carrying;
using OsCircular.Sources;
using OsCircular.TestKit.Disks;

namespace OsCircular.Tests.Library.Carrying;

public sealed class ImporterTests
{
    private static readonly CacheOptions Small = new() { Quota = CacheOptions.MinQuota, FreeSpaceFloor = 0 };

    [Fact]
    public async Task Import_Whole_AllIsHeldAndTheHeadAdopted()
    {
        await using CarryRig rig = await CarryRig.CreateAsync();
        TestDisk disk = CarryRig.DiskOf(700);
        string path = await rig.ExportAsync(disk);
        List<CarryProgress> progress = [];

        ImportResult result = await rig.ImportAsync(path, new Told(progress.Add));

        Assert.True(result.IsGood && Assert.Single(result.Versions).IsWhole);
        Assert.Equal((CarriedHead.Adopted, disk.BlockFiles.Count, 0), (result.Head, (int)result.Blocks, (int)result.Held));
        Assert.Equal(disk.BlockFiles.Count, rig.Held(disk));
        Assert.Equal(1, rig.Adopted?.Head.Sequence);
        Assert.Equal(progress.OrderBy(at => at.Done), progress);
        Assert.All(progress, at => Assert.InRange(at.Done, 1, at.Total));

        ImportResult again = await rig.ImportAsync(path);
        Assert.Equal((CarriedHead.Known, 0, disk.BlockFiles.Count), (again.Head, (int)again.Blocks, (int)again.Held));
    }

    [Fact]
    public async Task Import_Cancelled_GoesOnWithTheRest()
    {
        await using CarryRig rig = await CarryRig.CreateAsync();
        TestDisk disk = CarryRig.DiskOf(64);
        string path = await rig.ExportAsync(disk);
        using CancellationTokenSource stop = new();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => rig.ImportAsync(path, new Told(at =>
        {
            if (at.Done > at.Total / 2) stop.Cancel();
        }), stop.Token));
        int held = rig.Held(disk);
        Assert.InRange(held, 1, disk.BlockFiles.Count - 1);

        ImportResult result = await rig.ImportAsync(path);

        Assert.Equal((disk.BlockFiles.Count - held, held), ((int)result.Blocks, (int)result.Held));
        Assert.True(Assert.Single(result.Versions).IsWhole);
    }

    [Fact]
    public async Task Import_WhileAnotherIsUnderWay_IsRefused()
    {
        await using CarryRig rig = await CarryRig.CreateAsync();
        string path = await rig.ExportAsync(CarryRig.DiskOf(8));
        UserError? refusal = null;
        await rig.ImportAsync(path, new Told(_ => refusal ??= Assert.ThrowsAsync<UserError>(() => rig.ImportAsync(path)).GetAwaiter().GetResult()));
        Assert.Contains("another import", refusal?.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("block")]
    [InlineData("page")]
    [InlineData("profile")]
    [InlineData("manifest")]
    [InlineData("head")]
    public async Task Import_WhatItsVersionsDoNotNeed_IsRefusedAndNotTaken(string what)
    {
        await using CarryRig rig = await CarryRig.CreateAsync();
        byte[] bytes = [.. "junk"u8];
        (string, byte[]) junk = (what switch
        {
            "block" => RepositoryPaths.Block(BlockName.Of(bytes)),
            "page" => RepositoryPaths.Document(DocumentKind.IndexPage, Digest.Of(bytes)),
            "profile" => RepositoryPaths.Document(DocumentKind.Profile, Digest.Of(bytes)),
            "manifest" => RepositoryPaths.Document(DocumentKind.Manifest, Digest.Of(bytes)),
            _ => RepositoryPaths.Head,
        }, bytes);

        // The index has one page, and one root may be of a version that is not carried: a page more is too much, for whoever makes room for many.
        UserError error = await Assert.ThrowsAsync<UserError>(async () => await rig.ImportAsync(await rig.ExportAsync(CarryRig.DiskOf(8), more: [junk, junk])));

        Assert.Contains("nothing that its versions need", error.Message, StringComparison.Ordinal);
        Assert.False(rig.Blocks.Check(BlockName.Of(bytes)));
    }

    [Fact]
    public async Task Import_VersionThatTheManifestDoesNotOffer_IsRefused()
    {
        await using CarryRig rig = await CarryRig.CreateAsync();
        UserError error = await Assert.ThrowsAsync<UserError>(async () => await rig.ImportAsync(await rig.ExportAsync(CarryRig.DiskOf(8), carried: "debian@2")));
        Assert.Contains("debian@2", error.Message, StringComparison.Ordinal);
        Assert.Null(rig.Adopted);
    }

    [Fact]
    public async Task Import_FilesThatWentUnseen_AreTakenAgain()
    {
        await using CarryRig rig = await CarryRig.CreateAsync();
        TestDisk disk = CarryRig.DiskOf(16);
        string path = await rig.ExportAsync(disk);
        await rig.ImportAsync(path);
        foreach (BlockName name in disk.BlockFiles.Keys.Take(3)) File.Delete(rig.FileOf(name));
        Assert.Equal(3, (await rig.ImportAsync(path)).Blocks);
        Assert.Equal(disk.BlockFiles.Count, rig.Held(disk));
    }

    [Fact]
    public async Task Import_LackingBlocks_SaysHowMany()
    {
        await using CarryRig rig = await CarryRig.CreateAsync();
        TestDisk disk = CarryRig.DiskOf(64);
        ImportedVersion version = Assert.Single((await rig.ImportAsync(await rig.ExportAsync(disk, leaveOut: 5))).Versions);
        Assert.Equal((5, disk.BlockFiles.Values.Take(5).Sum(file => file.Length), true), ((int)version.MissingBlocks, (int)version.MissingBytes, version.IsIndexWhole));
    }

    [Fact]
    public async Task Import_IntoAFullCache_EvictsOthersAndNoneOfItsOwn()
    {
        await using CarryRig rig = await CarryRig.CreateAsync(Small);
        TestDisk others = CarryRig.DiskOf(700, seed: 7), disk = CarryRig.DiskOf(400);
        foreach (byte[] file in others.BlockFiles.Values) rig.Keep(file);
        int before = rig.Held(others);

        Assert.True(Assert.Single((await rig.ImportAsync(await rig.ExportAsync(disk))).Versions).IsWhole);

        Assert.Equal(disk.BlockFiles.Count, rig.Held(disk));
        Assert.True(rig.Held(others) < before);
    }

    [Fact]
    public async Task Import_BesideWhatIsPinned_IsRefusedWithTheNumbersBeforeAnythingIsTaken()
    {
        TestDisk pinned = CarryRig.DiskOf(330, seed: 7), disk = CarryRig.DiskOf(330);
        await using CarryRig rig = await CarryRig.CreateAsync(Small);
        foreach (byte[] file in pinned.BlockFiles.Values) rig.Keep(file);
        rig.Blocks.Pin(pinned.BlockFiles.Keys.ToHashSet());

        UserError error = await Assert.ThrowsAsync<UserError>(async () => await rig.ImportAsync(await rig.ExportAsync(disk)));

        Assert.Matches("10 MiB to hold, but the cache holds 16 MiB at most, by its quota, [0-9]+ MiB of it taken by what is pinned", error.Message);
        Assert.Equal((pinned.BlockFiles.Count, 0), (rig.Held(pinned), rig.Held(disk)));

        // What is carried may be pinned itself.
        rig.Blocks.Pin(disk.BlockFiles.Keys.ToHashSet());
        Assert.True(Assert.Single((await rig.ImportAsync(await rig.ExportAsync(disk))).Versions).IsWhole);
    }

    [Theory]
    [InlineData(null)]
    [InlineData(1L)]
    public async Task Import_LargerThanTheQuota_IsRefusedBeforeAnythingIsTaken(long? storedBytes)
    {
        await using CarryRig rig = await CarryRig.CreateAsync(Small);
        TestDisk disk = CarryRig.DiskOf(900);

        // Also where the manifest says less than the index, as only a wrong publisher's would.
        UserError error = await Assert.ThrowsAsync<UserError>(async () => await rig.ImportAsync(await rig.ExportAsync(disk, storedBytes: storedBytes)));

        Assert.Contains("16 MiB at most", error.Message, StringComparison.Ordinal);
        Assert.Equal(0, rig.Held(disk));
        Assert.Null(rig.Adopted);
    }

    private sealed class Told(Action<CarryProgress> tell) : IProgress<CarryProgress>
    {
        public void Report(CarryProgress value) => tell(value);
    }
}
