using OsCircular.Blocks;
using OsCircular.Indexes;
using OsCircular.Publishing;
using OsCircular.Publishing.Collecting;

namespace OsCircular.Tests.Publishing.Collecting;

public sealed class CollectorTests : IDisposable
{
    private static readonly TimeSpan Grace = TimeSpan.FromDays(30);

    private readonly PublishRig _rig = new();
    private readonly List<byte[]> _images = [];

    public void Dispose() => _rig.Dispose();

    [Fact]
    public async Task Collect_OldVersions_AreRetiredAtOnceAndStayReadable()
    {
        await PublishAsync(versions: 4);

        CollectResult result = await CollectAsync(keep: 2);

        Assert.Equal(["debian@1", "debian@2"], result.Retired.Select(version => version.ToString()));
        Assert.Empty(result.Gone);
        Assert.Equal(5, result.Sequence);
        Assert.Equal(_rig.Time.Now + Grace, result.Next!.Value, TimeSpan.FromSeconds(1));
        Assert.Equal(default, result.Freed);
        Assert.True(result.Waiting.Files > 0);
        Assert.Equal([true, true, false, false], _rig.State.Manifest.Images[0].Versions.Select(version => version.Retired is not null));
        for (int version = 1; version <= 4; version++) Assert.Equal(_images[version - 1], _rig.ReadBack($"{version}"));
    }

    [Fact]
    public async Task Collect_GraceIsOver_FreesWhatNoVersionNeedsAndNothingElse()
    {
        await PublishAsync(versions: 4);
        CollectResult retired = await CollectAsync(keep: 2);
        _rig.Time.Now += Grace + TimeSpan.FromSeconds(1);

        CollectResult result = await CollectAsync(keep: 2);

        Assert.Equal(["debian@1", "debian@2"], result.Gone.Select(version => version.ToString()));
        Assert.Equal(retired.Waiting, result.Freed);
        Assert.Null(result.Next);
        ManifestImage image = _rig.State.Manifest.Images[0];
        Assert.Equal(["3", "4"], image.Versions.Select(version => version.Name.ToString()));
        Assert.Equal("5", image.NextVersion().ToString());
        for (int version = 3; version <= 4; version++) Assert.Equal(_images[version - 1], _rig.ReadBack($"{version}"));
        VerifyResult verified = await VerifyAsync();
        Assert.True(verified.IsGood, string.Join('\n', verified.Damage));
        Assert.Equal(0, verified.UnusedBlocks);
    }

    [Fact]
    public async Task Collect_BeforeTheGraceIsOver_FreesNothing()
    {
        await PublishAsync(versions: 3);
        await CollectAsync(keep: 1);
        _rig.Time.Now += Grace - TimeSpan.FromMinutes(1);
        string[] files = _rig.Files;

        CollectResult again = await CollectAsync(keep: 1);

        Assert.Equal((4, 0L), (again.Sequence, again.Freed.Files));
        Assert.Equal(files, _rig.Files);
    }

    [Fact]
    public async Task Collect_DryRun_ChangesNothingAndSaysWhatIsThenDone()
    {
        await PublishAsync(versions: 4);
        await CollectAsync(keep: 3);
        _rig.Time.Now += Grace + TimeSpan.FromSeconds(1);
        (string, DateTime)[] before = Listing();
        var steps = new List<string>();

        CollectResult said = await CollectAsync(keep: 2, options => options with { DryRun = true }, steps.Add);

        Assert.Empty(steps);
        Assert.Equal(before, Listing());
        CollectResult done = await CollectAsync(keep: 2);
        Assert.Equal((said.Freed, said.Waiting), (done.Freed, done.Waiting));
        Assert.Equal(said.Retired, done.Retired);
        Assert.Equal(said.Gone, done.Gone);
        Assert.True(said.Freed.Files > 0);
    }

    [Fact]
    public async Task Collect_KilledAnywhere_OfferedVersionsAreWholeAndTheNextFinishes()
    {
        int kills = 0;
        for (int killAt = 1; ; killAt++)
        {
            using var rig = new PublishRig();
            List<byte[]> images = await PublishAsync(rig, versions: 4);
            await CollectAsync(rig, keep: 3);
            rig.Time.Now += Grace + TimeSpan.FromSeconds(1);
            bool killed = false;
            int steps = 0;
            try
            {
                await CollectAsync(rig, keep: 2, beforeStep: _ =>
                {
                    if (++steps >= killAt) throw new Killed();
                });
            }
            catch (Killed)
            {
                killed = true;
            }

            for (int version = 3; version <= 4; version++) Assert.Equal(images[version - 1], rig.ReadBack($"{version}"));
            Assert.Equal(images[1], rig.ReadBack("2")); // at most retired
            if (!killed) break;
            kills++;
            await CollectAsync(rig, keep: 2);
            VerifyResult verified = await VerifyAsync(rig);
            Assert.True(verified.IsGood, string.Join('\n', verified.Damage));
            Assert.Equal(0, verified.UnusedBlocks);
            Assert.Equal(["2", "3", "4"], rig.State.Manifest.Images[0].Versions.Select(version => version.Name.ToString()));
        }

        Assert.True(kills > 10, $"only {kills} places to be killed at");
    }

    [Fact]
    public async Task Collect_Order_IsTheNewHeadBeforeAnyRemoval()
    {
        await PublishAsync(versions: 3);
        await CollectAsync(keep: 2);
        _rig.Time.Now += Grace + TimeSpan.FromSeconds(1);
        var steps = new List<string>();

        await CollectAsync(keep: 2, beforeStep: steps.Add);

        int removal = steps.FindIndex(step => step.StartsWith("remove blocks/", StringComparison.Ordinal));
        Assert.True(removal > steps.IndexOf("sync the folder"), string.Join('\n', steps));
        Assert.True(steps.IndexOf("rename head.minisig") > 0);
    }

    [Fact]
    public async Task Collect_IndexPageMissing_NothingGoesAndItSaysHowToMendIt()
    {
        await PublishAsync(versions: 3);
        await CollectAsync(keep: 1);
        _rig.Time.Now += Grace + TimeSpan.FromSeconds(1);
        Digest root = _rig.State.Manifest.Images[0].Latest!.Index!.Value;
        File.Delete(Path.Combine(_rig.Repository, "indexes", root.ToString()));
        string[] before = _rig.Files;

        UserError error = await Assert.ThrowsAsync<UserError>(() => CollectAsync(keep: 1));

        Assert.Contains("verify", error.Message, StringComparison.Ordinal);
        Assert.Equal(before, _rig.Files);
    }

    [Fact]
    public async Task Collect_WhileAnotherWrites_IsRefused()
    {
        await PublishAsync(versions: 2);
        using RepositoryWriter other = RepositoryWriter.Open(_rig.Repository, create: false);

        UserError error = await Assert.ThrowsAsync<UserError>(() => CollectAsync(keep: 1));

        Assert.Contains("another program is writing", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Collect_WhatAKilledPublishLeft_IsSwept()
    {
        await PublishAsync(versions: 1);
        PublisherTests.WriteImage(_rig.Image, [(4, 2, 77)], 0);
        await Assert.ThrowsAsync<Killed>(() => _rig.PublishAsync(beforeStep: step =>
        {
            if (step == "sync everything") throw new Killed();
        }));

        Assert.True((await CollectAsync(keep: 1)).Freed.Files >= 4);
        Assert.Equal(0, (await VerifyAsync()).UnusedBlocks);
    }

    [Fact]
    public async Task Collect_HeadThatExpires_KeepsItsDay()
    {
        await PublishAsync(versions: 1);
        PublisherTests.WriteImage(_rig.Image, [(4, 2, 77)], 0);
        await _rig.PublishAsync(_rig.Options with { ExpiresAfter = TimeSpan.FromDays(9) });
        DateTimeOffset expires = _rig.State.Head.ExpiresAt;
        _rig.Time.Now += TimeSpan.FromDays(3);

        await CollectAsync(keep: 1);

        Assert.Equal((3, expires), (_rig.State.Head.Sequence, _rig.State.Head.ExpiresAt));
    }

    [Fact]
    public async Task Collect_SupersededManifests_StayForTheGrace()
    {
        await PublishAsync(versions: 3);
        string[] manifests = Manifests();
        _rig.Time.Now = DateTimeOffset.UtcNow;
        Assert.Equal(manifests, Manifests());
        foreach ((int age, string path) in manifests.Select((path, i) => (100 - i, path))) File.SetLastWriteTimeUtc(path, DateTime.UtcNow - TimeSpan.FromDays(age));
        File.SetLastWriteTimeUtc(manifests.Last(), DateTime.UtcNow - TimeSpan.FromDays(29));

        Assert.Equal(1, (await CollectAsync(keep: 3)).Freed.Files);
        Assert.Equal(2, Manifests().Length);
    }

    private string[] Manifests() => [.. Directory.EnumerateFiles(Path.Combine(_rig.Repository, "manifests")).OrderBy(File.GetLastWriteTimeUtc)];

    private (string, DateTime)[] Listing() => [.. _rig.Files.Select(file => (file, File.GetLastWriteTimeUtc(Path.Combine(_rig.Repository, file))))];

    private async Task PublishAsync(int versions) => _images.AddRange(await PublishAsync(_rig, versions));

    // Each version has a block of its own, one that the next has too, and some that all share.
    private static async Task<List<byte[]>> PublishAsync(PublishRig rig, int versions)
    {
        List<byte[]> images = [];
        for (int version = 1; version <= versions; version++)
        {
            images.Add(PublisherTests.WriteImage(rig.Image, [(3, 2, 1), (2, 2, 100 + version), (2, 2, 101 + version), (515, 0, 0), (2, 3, version)], 0));
            await rig.PublishAsync();
        }

        return images;
    }

    private Task<CollectResult> CollectAsync(int keep, Func<CollectOptions, CollectOptions>? change = null, Action<string>? beforeStep = null) =>
        CollectAsync(_rig, keep, change, beforeStep);

    private static Task<CollectResult> CollectAsync(PublishRig rig, int keep, Func<CollectOptions, CollectOptions>? change = null, Action<string>? beforeStep = null)
    {
        CollectOptions options = new() { RepositoryPath = rig.Repository, Key = rig.Key, Keep = keep, Grace = Grace };
        return new Collector(rig.Time, beforeStep).CollectAsync(change?.Invoke(options) ?? options, null, CancellationToken.None);
    }

    private Task<VerifyResult> VerifyAsync() => VerifyAsync(_rig);

    private static Task<VerifyResult> VerifyAsync(PublishRig rig) => new RepositoryVerifier(rig.Time).VerifyAsync(rig.Repository, rig.Key.PublicKey, null, CancellationToken.None);

    private sealed class Killed : Exception;
}
