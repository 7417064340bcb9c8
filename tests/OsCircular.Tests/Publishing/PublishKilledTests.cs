using OsCircular.Indexes;
using OsCircular.Publishing;

namespace OsCircular.Tests.Publishing;

/// <summary>
/// A publish killed before its n-th change to the file system, for every n: the writer's seam throws there and at every change after it, so that
/// nothing is tidied up either.
/// </summary>
public sealed class PublishKilledTests
{
    private static readonly (int, int, int)[] Old = [(3, 2, 1), (2, 0, 0), (2, 3, 1)];
    private static readonly (int, int, int)[] New = [(3, 2, 1), (1, 2, 9), (1, 0, 0), (3, 3, 4)];

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public async Task Publish_KilledAnywhere_OldVersionIsServedAndTheNextPublishFinishes(int workers)
    {
        int kills = 0;
        for (int killAt = 1; ; killAt++)
        {
            using var rig = new PublishRig();
            byte[] old = PublisherTests.WriteImage(rig.Image, Old, 0);
            await rig.PublishAsync();
            byte[] image = PublisherTests.WriteImage(rig.Image, New, 512);
            PublishOptions options = rig.Options with { Workers = workers };

            if (!await IsKilledAsync(rig, options, killAt)) break;
            kills++;
            bool headReplaced = rig.State.Head.Sequence == 2;
            Assert.Equal(old, rig.ReadBack("1"));
            if (headReplaced) Assert.Equal(image, rig.ReadBack("2"));

            PublishResult result = await rig.PublishAsync(options);
            Assert.Equal(headReplaced, result.Unchanged);
            Assert.Equal("2", result.Version.ToString());
            Assert.Equal(old, rig.ReadBack("1"));
            Assert.Equal(image, rig.ReadBack("2"));
            Assert.False(Directory.Exists(Path.Combine(rig.Repository, "tmp")));
        }

        Assert.True(kills > 20, $"only {kills} places to be killed at");
    }

    [Fact]
    public async Task Publish_FirstOneKilledAnywhere_TheNextMakesTheRepository()
    {
        for (int killAt = 1; ; killAt++)
        {
            using var rig = new PublishRig();
            byte[] image = PublisherTests.WriteImage(rig.Image, New, 0);
            if (!await IsKilledAsync(rig, rig.Options, killAt)) break;
            await rig.PublishAsync();
            Assert.Equal(image, rig.ReadBack("1"));
        }
    }

    [Fact]
    public async Task Publish_Order_IsBlocksThenPagesThenManifestThenSyncThenHead()
    {
        using var rig = new PublishRig();
        PublisherTests.WriteImage(rig.Image, New, 0);
        var steps = new List<string>();
        await rig.PublishAsync(rig.Options with { Workers = 1 }, steps.Add);

        string[] kinds = [.. steps.Where(step => step.StartsWith("rename", StringComparison.Ordinal) || step.StartsWith("sync", StringComparison.Ordinal))
            .Select(step => step.StartsWith("rename", StringComparison.Ordinal) ? step.Split(' ', '/')[1] : step)];
        Assert.Equal(["blocks", "indexes", "manifests", "sync everything", "head.minisig", "sync the folder"], kinds.Distinct());
        Assert.Equal(kinds.Order(Comparer<string>.Create((a, b) => Array.IndexOf(kinds, a) - Array.IndexOf(kinds, b))), kinds); // none of an earlier kind after a later
    }

    [Fact]
    public async Task Publish_AfterPowerTookTheLastOne_LeavesNoTornManifestAndEveryWholeOne()
    {
        using var rig = new PublishRig();
        PublisherTests.WriteImage(rig.Image, Old, 0);
        await rig.PublishAsync();
        PublisherTests.WriteImage(rig.Image, New, 0);
        string[] before = rig.Files;
        await Assert.ThrowsAsync<Killed>(() => rig.PublishAsync(beforeStep: step =>
        {
            if (step == "sync everything") throw new Killed();
        }));
        string left = Assert.Single(rig.Files.Except(before), file => file.StartsWith("manifests/", StringComparison.Ordinal));
        using (FileStream torn = File.OpenWrite(Path.Combine(rig.Repository, left))) torn.SetLength(torn.Length / 2);

        await rig.PublishAsync(rig.Options with { Version = VersionName.Parse("another") });

        Assert.DoesNotContain(left, rig.Files);
        Assert.All(before, file => Assert.Contains(file, rig.Files));
        Assert.True((await new RepositoryVerifier(rig.Time).VerifyAsync(rig.Repository, rig.Key.PublicKey, null, CancellationToken.None)).IsGood);
    }

    [Fact]
    public async Task Publish_DiskFails_SaysWhatHappenedAndWhatToDo()
    {
        using var rig = new PublishRig();
        PublisherTests.WriteImage(rig.Image, Old, 0);
        var error = await Assert.ThrowsAsync<OsCircular.Blocks.UserError>(() => rig.PublishAsync(beforeStep: step =>
        {
            if (step.StartsWith("write blocks", StringComparison.Ordinal)) throw new IOException("No space left on device");
        }));
        Assert.Contains("No space left on device", error.Message, StringComparison.Ordinal);
        Assert.Contains("publish again", error.Message, StringComparison.Ordinal);
        Assert.False(Directory.Exists(Path.Combine(rig.Repository, "tmp")));
    }

    private static async Task<bool> IsKilledAsync(PublishRig rig, PublishOptions options, int killAt)
    {
        int steps = 0;
        try
        {
            await rig.PublishAsync(options, _ =>
            {
                if (Interlocked.Increment(ref steps) >= killAt) throw new Killed();
            });
            return false;
        }
        catch (Killed)
        {
            return true;
        }
    }

    private sealed class Killed : Exception;
}
