using OsCircular.Blocks;
using OsCircular.Indexes;
using OsCircular.Publishing;
using OsCircular.Sources;

namespace OsCircular.Tests.Publishing;

public sealed class PublishProfileTests : IDisposable
{
    private const int Size = PublishRig.BlockSize;
    private const int Blocks = 12;

    private readonly PublishRig _rig = new();

    public void Dispose() => _rig.Dispose();

    [Fact]
    public async Task Publish_WithAProfile_StoresItAndNamesIt()
    {
        WriteImage(Blocks);
        PublishResult result = await PublishAsync(Profile([7, 0, 3]));
        Assert.Equal(new PublishedProfile(3, null), result.Profile);
        Assert.Equal([7, 0, 3], Published("1"));
    }

    [Fact]
    public async Task Publish_TheSameImageWithAProfile_IsANewVersionOnce()
    {
        WriteImage(Blocks);
        await PublishAsync(null);
        string profile = Profile([7, 0, 3]);
        Assert.Equal(("2", false), Outcome(await PublishAsync(profile)));
        Assert.Equal(("2", true), Outcome(await PublishAsync(profile)));
        Assert.Equal(("2", true), Outcome(await PublishAsync(null)));
        Assert.Equal(("3", false), Outcome(await PublishAsync(PublishOptions.NoProfile)));
        Assert.Null(Version("1").Profile);
        Assert.Equal(Version("1").Index, Version("2").Index);
        Assert.Null(Version("3").Profile);
    }

    [Fact]
    public async Task Publish_ANewVersion_InheritsWhatStillFits()
    {
        WriteImage(Blocks);
        await PublishAsync(Profile([11, 7, 0, 3]));

        // Smaller by two blocks, and block 7 is zeros now.
        WriteImage(Blocks - 2, zero: 7, seed: 2);
        PublishResult result = await PublishAsync(null);

        Assert.Equal(new PublishedProfile(2, VersionName.Parse("1")), result.Profile);
        Assert.Equal([0, 3], Published("2"));
    }

    [Fact]
    public async Task Publish_WhereAllOfItStillFits_NamesTheSameDigest()
    {
        WriteImage(Blocks);
        await PublishAsync(Profile([7, 0, 3]));
        WriteImage(Blocks, seed: 2);
        await PublishAsync(null);
        Assert.NotEqual(Version("1").Index, Version("2").Index);
        Assert.Equal(Version("1").Profile, Version("2").Profile);
        Assert.Single(_rig.Files, file => file.StartsWith("profiles/", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Publish_OtherBlockSizeOrNone_InheritsNothing()
    {
        WriteImage(Blocks);
        await PublishAsync(Profile([7, 0, 3]));
        Assert.Null((await _rig.PublishAsync(_rig.Options with { BlockSize = 2 * Size })).Profile);
        WriteImage(Blocks, seed: 3);
        Assert.Null((await PublishAsync(PublishOptions.NoProfile)).Profile);
    }

    [Theory]
    [InlineData("""{"format":1,"blocks":[3,12]}""", "it names block 12, but this disk has only 12")]
    [InlineData("""{"format":2,"blocks":[3]}""", "no profile of format 1")]
    [InlineData("""{"format":1,"blocks":[3,3]}""", "no profile of format 1")]
    [InlineData("nonsense", "no profile of format 1")]
    [InlineData(null, "no such file")]
    public async Task Publish_WhatIsNoProfileOfThisDisk_IsRefusedAndNothingWritten(string? text, string message)
    {
        WriteImage(Blocks);
        string path = Path.Combine(_rig.Folder, "boot.json");
        if (text is not null) await File.WriteAllTextAsync(path, text, TestContext.Current.CancellationToken);
        UserError error = await Assert.ThrowsAsync<UserError>(() => PublishAsync(path));
        Assert.Contains(message, error.Message, StringComparison.Ordinal);
        Assert.Empty(_rig.Files);
    }

    [Fact]
    public async Task Publish_DamagedProfileBefore_SaysWhich()
    {
        WriteImage(Blocks);
        await PublishAsync(Profile([7, 0, 3]));
        string file = _rig.Files.Single(file => file.StartsWith("profiles/", StringComparison.Ordinal));
        await File.WriteAllTextAsync(Path.Combine(_rig.Repository, file), "{}", TestContext.Current.CancellationToken);
        WriteImage(Blocks, seed: 2);
        UserError error = await Assert.ThrowsAsync<UserError>(() => PublishAsync(null));
        Assert.Contains("the profile of version 1 is damaged", error.Message, StringComparison.Ordinal);
        Assert.Null((await PublishAsync(PublishOptions.NoProfile)).Profile);
    }

    private static (string Version, bool Unchanged) Outcome(PublishResult result) => (result.Version.ToString(), result.Unchanged);

    private Task<PublishResult> PublishAsync(string? profile) => _rig.PublishAsync(_rig.Options with { Profile = profile });

    private ManifestVersion Version(string name) => _rig.State.Manifest.Find(VersionReference.Parse($"debian@{name}"))!;

    private IReadOnlyList<long> Published(string version)
    {
        DocumentName name = new(DocumentKind.Profile, Version(version).Profile!.Value);
        byte[] bytes = File.ReadAllBytes(Path.Combine(_rig.Repository, name.Path));
        Assert.Equal(name.Digest, Digest.Of(bytes));
        Assert.True(BootProfile.TryParse(bytes, Version(version).Geometry.BlockCount, out BootProfile? profile));
        return profile.Blocks;
    }

    private string Profile(long[] blocks)
    {
        string path = Path.Combine(_rig.Folder, "boot.json");
        File.WriteAllBytes(path, new BootProfile(blocks).ToBytes());
        return path;
    }

    private void WriteImage(int blocks, int zero = -1, int seed = 1)
    {
        byte[] bytes = new byte[blocks * Size];
        new Random(seed).NextBytes(bytes);
        if (zero >= 0) bytes.AsSpan(zero * Size, Size).Clear();
        File.WriteAllBytes(_rig.Image, bytes);
    }
}
