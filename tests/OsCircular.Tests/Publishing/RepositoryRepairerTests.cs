using OsCircular.Blocks;
using OsCircular.Publishing;
using OsCircular.Sources;
using OsCircular.TestKit;
using OsCircular.TestKit.Mirrors;

namespace OsCircular.Tests.Publishing;

public sealed class RepositoryRepairerTests : IDisposable
{
    private readonly PublishRig _rig = new();
    private readonly TempDirectory _copy = new();
    private Dictionary<string, byte[]> _good = [];

    public void Dispose()
    {
        _rig.Dispose();
        _copy.Dispose();
    }

    [Fact]
    public async Task Repair_DamagedAndMissingFilesOfEachKind_ArePutBackFromACopy()
    {
        await PublishAsync();
        Spoil("blocks/", count: 3);
        Remove("blocks/", count: 2);
        Spoil("indexes/", count: 2);

        using var mirror = MirrorFixtures.Over(_copy.Path);
        RepairResult result = await RepairAsync(_ => new GoodFiles(mirror, mirror));

        Assert.False(result.Found.IsGood);
        Assert.True(result.Left.IsGood, string.Join('\n', result.Left.Damage));
        AssertAsBefore();
    }

    [Fact]
    public async Task Repair_EveryPageLost_GoesDownLevelByLevel()
    {
        await PublishAsync();
        foreach (string file in _good.Keys.Where(file => file.StartsWith("indexes/", StringComparison.Ordinal))) File.Delete(Path.Combine(_rig.Repository, file));
        Remove("blocks/", count: 4);

        using var mirror = MirrorFixtures.Over(_copy.Path);
        Assert.True((await RepairAsync(_ => new GoodFiles(mirror, mirror))).Left.IsGood);
        AssertAsBefore();
    }

    [Fact]
    public async Task Repair_FromTheImage_MakesTheSameBlockFilesAgain()
    {
        await PublishAsync();
        Spoil("blocks/", count: 6);
        Remove("blocks/", count: 6);

        RepairResult result = await RepairAsync(survey =>
        {
            ImageSource image = ImageSource.Open(_rig.Image, survey.Blocks, survey.BlockSizes, default);
            return new GoodFiles(image, image);
        });

        Assert.Equal((12, 0), (result.Repaired, result.Removed));
        Assert.True(result.Left.IsGood);
        AssertAsBefore();
    }

    [Fact]
    public async Task Repair_FromAnotherImage_PutsNothingBack()
    {
        await PublishAsync();
        Spoil("blocks/", count: 1);
        PublisherTests.WriteImage(_rig.Image, [(40, 2, 99)], 0);

        RepairResult result = await RepairAsync(survey =>
        {
            ImageSource image = ImageSource.Open(_rig.Image, survey.Blocks, survey.BlockSizes, default);
            return new GoodFiles(image, image);
        });

        Assert.Equal(0, result.Repaired);
        Assert.Equal(1, result.Left.DamageCount);
    }

    [Fact]
    public async Task Repair_CopyThatIsDamagedToo_IsNotTaken()
    {
        await PublishAsync();
        string damaged = Spoil("blocks/", count: 1).Single();
        File.Copy(Path.Combine(_rig.Repository, damaged), Path.Combine(_copy.Path, damaged), overwrite: true);

        using var mirror = MirrorFixtures.Over(_copy.Path);
        Assert.Equal([damaged], (await RepairAsync(_ => new GoodFiles(mirror, mirror))).Left.Damage.Select(damage => damage.Path));
    }

    [Fact]
    public async Task Repair_DamagedFileThatNothingNeeds_IsRemovedAndForeignFilesStay()
    {
        await PublishAsync();
        string unneeded = RepositoryPaths.Block(BlockName.Of([1, 2, 3]));
        Directory.CreateDirectory(Path.GetDirectoryName(Path.Combine(_rig.Repository, unneeded))!);
        File.WriteAllText(Path.Combine(_rig.Repository, unneeded), "torn");
        File.WriteAllText(Path.Combine(_rig.Repository, "blocks", "README"), "");

        RepairResult result = await RepairAsync(_ => new GoodFiles(new NowhereSource(), new NowhereSource()));

        Assert.Equal((0, 1), (result.Repaired, result.Removed));
        Assert.Equal(new Damage("blocks/README", DamageKind.Foreign, RepositoryVerifier.NoNameOfOurs), Assert.Single(result.Left.Damage));
        Assert.Equal((0, 1), (result.Left.Missing, result.Left.Foreign));
    }

    private async Task PublishAsync()
    {
        PublisherTests.WriteImage(_rig.Image, [(20, 2, 1), (520, 0, 0), (20, 3, 2)], 512);
        await _rig.PublishAsync();
        _good = _rig.Files.ToDictionary(file => file, file => File.ReadAllBytes(Path.Combine(_rig.Repository, file)));
        foreach ((string file, byte[] bytes) in _good)
        {
            Directory.CreateDirectory(Path.GetDirectoryName(Path.Combine(_copy.Path, file))!);
            File.WriteAllBytes(Path.Combine(_copy.Path, file), bytes);
        }
    }

    private string[] Spoil(string folder, int count)
    {
        string[] files = [.. _good.Keys.Where(file => file.StartsWith(folder, StringComparison.Ordinal)).Take(count)];
        Assert.Equal(count, files.Length);
        foreach (string file in files)
        {
            byte[] spoilt = [.. _good[file]];
            spoilt[^9] ^= 2;
            File.WriteAllBytes(Path.Combine(_rig.Repository, file), spoilt);
        }

        return files;
    }

    private void Remove(string folder, int count)
    {
        foreach (string file in _good.Keys.Where(file => file.StartsWith(folder, StringComparison.Ordinal)).TakeLast(count)) File.Delete(Path.Combine(_rig.Repository, file));
    }

    private void AssertAsBefore() => Assert.All(_good, file => Assert.Equal(file.Value, File.ReadAllBytes(Path.Combine(_rig.Repository, file.Key))));

    private Task<RepairResult> RepairAsync(Func<VerifySurvey, GoodFiles> source) =>
        new RepositoryRepairer(survey => Task.FromResult(source(survey)), TimeProvider.System).RepairAsync(_rig.Repository, _rig.Key.PublicKey, null, CancellationToken.None);
}
