using OsCircular.Blocks;
using OsCircular.Indexes.Signing;
using OsCircular.Publishing;

namespace OsCircular.Tests.Publishing;

public sealed class RepositoryVerifierTests : IDisposable
{
    private readonly PublishRig _rig = new();

    public void Dispose() => _rig.Dispose();

    [Fact]
    public async Task Verify_GoodRepository_CountsAllOfIt()
    {
        await PublishTwoVersionsAsync();
        VerifyResult result = await VerifyAsync();
        Assert.True(result.IsGood);
        Assert.True(result.Signature);
        Assert.Equal(2, result.Versions);
        Assert.Equal(_rig.Files.Count(file => file.StartsWith("blocks/", StringComparison.Ordinal)), result.Blocks);
        Assert.Equal(_rig.Files.Count(file => !file.StartsWith("blocks/", StringComparison.Ordinal)) - 1, result.Documents);
        Assert.Equal(0, result.UnusedBlocks);
        Assert.Equal(_rig.Files.Where(file => file != "head.minisig").Sum(file => new FileInfo(Path.Combine(_rig.Repository, file)).Length), result.Bytes);
    }

    [Theory]
    [InlineData("blocks/")]
    [InlineData("indexes/")]
    [InlineData("manifests/")]
    [InlineData("head.minisig")]
    public async Task Verify_FlippedBitOrMissingFile_NamesTheFile(string which)
    {
        await PublishTwoVersionsAsync();
        string newest = $"manifests/{_rig.State.Head.Manifest}.json";
        string damaged = which == "manifests/" ? newest : _rig.Files.First(file => file.StartsWith(which, StringComparison.Ordinal));
        string path = Path.Combine(_rig.Repository, damaged);
        byte[] bytes = File.ReadAllBytes(path);
        bytes[^20] ^= 1;
        File.WriteAllBytes(path, bytes);
        Assert.Equal([damaged], (await VerifyAsync()).Damage.Select(damage => damage.Path));

        File.Delete(path);
        Damage missing = Assert.Single((await VerifyAsync()).Damage);
        Assert.Equal($"{damaged} is missing", missing.ToString());
    }

    [Fact]
    public async Task Verify_DamageOfOneVersion_NamesThatVersionAlone()
    {
        await PublishTwoVersionsAsync();
        HashSet<BlockName> first = [.. _rig.Rows(_rig.State.Manifest.Images[0].Versions[0]).Select(row => row.Row.Name)];
        BlockName own = _rig.Rows(_rig.State.Manifest.Images[0].Versions[1]).Select(row => row.Row.Name).First(name => !first.Contains(name));
        File.Delete(Path.Combine(_rig.Repository, OsCircular.Sources.RepositoryPaths.Block(own)));

        AffectedVersion affected = Assert.Single((await VerifyAsync()).Affected);

        Assert.Equal(("debian@2", 0L), (affected.Version, affected.Pages));
        Assert.True(affected.Blocks >= 1);
    }

    [Fact]
    public async Task Verify_FileOfAnotherName_IsDamage()
    {
        await PublishTwoVersionsAsync();
        File.WriteAllText(Path.Combine(_rig.Repository, "blocks", "README"), "");
        File.WriteAllText(Path.Combine(_rig.Repository, "indexes", "abc"), "");
        Assert.Equal(["blocks/README", "indexes/abc"], (await VerifyAsync()).Damage.Select(damage => damage.Path));
    }

    [Fact]
    public async Task Verify_RowThatItsBlockFileDoesNotMeet_IsDamage()
    {
        // A publisher that signs a wrong row: the block file is what its name says, and still not the block. Made by a hash that lies once.
        byte[] image = PublisherTests.WriteImage(_rig.Image, [(2, 2, 1)], 0);
        BlockName second = BlockName.Of(image.AsSpan(PublishRig.BlockSize));
        await _rig.PublishAsync(_rig.Options with { Workers = 1 }, nameOf: file => file.SequenceEqual(image.AsSpan(0, PublishRig.BlockSize)) ? second : BlockName.Of([1]));
        File.WriteAllBytes(Path.Combine(_rig.Repository, $"blocks/{second.ToString()[..2]}/{second}"), image[PublishRig.BlockSize..]);
        VerifyResult result = await VerifyAsync();
        Assert.Contains(result.Damage, damage => damage.Path.EndsWith(second.ToString(), StringComparison.Ordinal) && damage.Fault.Contains("row", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Verify_WrongKey_IsDamageOfTheHead_AndNoKey_IsNotSaidToBeChecked()
    {
        await PublishTwoVersionsAsync();
        VerifyResult wrong = await new RepositoryVerifier(_rig.Time).VerifyAsync(_rig.Repository, MinisignSecretKey.Generate().PublicKey, null, CancellationToken.None);
        Assert.Equal("head.minisig", Assert.Single(wrong.Damage).Path);
        VerifyResult none = await new RepositoryVerifier(_rig.Time).VerifyAsync(_rig.Repository, null, null, CancellationToken.None);
        Assert.True(none.IsGood);
        Assert.False(none.Signature);
        Assert.Equal(2, none.Versions);
    }

    [Fact]
    public async Task Verify_CacheThatHoldsSome_IsGood_ButNotWhereItIsWrong()
    {
        await PublishTwoVersionsAsync();
        Directory.CreateDirectory(Path.Combine(_rig.Repository, "agent"));
        string[] blocks = [.. _rig.Files.Where(file => file.StartsWith("blocks/", StringComparison.Ordinal))];
        File.Delete(Path.Combine(_rig.Repository, blocks[0]));
        File.Delete(Path.Combine(_rig.Repository, _rig.Files.First(file => file.StartsWith("indexes/", StringComparison.Ordinal))));
        Assert.True((await VerifyAsync()).IsGood);
        File.WriteAllText(Path.Combine(_rig.Repository, blocks[1]), "torn");
        Assert.Equal([blocks[1]], (await VerifyAsync()).Damage.Select(damage => damage.Path));
    }

    [Fact]
    public async Task Verify_MuchDamage_IsCountedButListedWithABound()
    {
        PublisherTests.WriteImage(_rig.Image, [(1200, 3, 1)], 0);
        await _rig.PublishAsync();
        Directory.Delete(Path.Combine(_rig.Repository, "blocks"), recursive: true);
        VerifyResult result = await VerifyAsync();
        Assert.Equal((1200, VerifyResult.MaxListed), (result.DamageCount, result.Damage.Count));
    }

    [Fact]
    public async Task Verify_LeftOversOfAKilledPublish_AreUnusedNotDamage()
    {
        await PublishTwoVersionsAsync();
        PublisherTests.WriteImage(_rig.Image, [(5, 2, 77)], 0);
        await Assert.ThrowsAsync<NotSupportedException>(() => _rig.PublishAsync(beforeStep: step =>
        {
            if (step == "sync everything") throw new NotSupportedException("killed");
        }));
        VerifyResult result = await VerifyAsync();
        Assert.True(result.IsGood);
        Assert.Equal(5, result.UnusedBlocks);
    }

    [Fact]
    public Task Verify_FolderOfSomethingElse_IsRefused() =>
        Assert.ThrowsAsync<UserError>(() => new RepositoryVerifier(_rig.Time).VerifyAsync(_rig.Folder, null, null, CancellationToken.None));

    private async Task PublishTwoVersionsAsync()
    {
        PublisherTests.WriteImage(_rig.Image, [(520, 3, 1), (3, 2, 1)], 512);
        await _rig.PublishAsync();
        PublisherTests.WriteImage(_rig.Image, [(520, 3, 1), (3, 2, 2)], 512);
        await _rig.PublishAsync();
    }

    private Task<VerifyResult> VerifyAsync() => new RepositoryVerifier(_rig.Time).VerifyAsync(_rig.Repository, _rig.Key.PublicKey, null, CancellationToken.None);
}
