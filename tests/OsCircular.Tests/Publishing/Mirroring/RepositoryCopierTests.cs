using OsCircular.Blocks;
using OsCircular.Indexes;
using OsCircular.Mirrors;
using OsCircular.Publishing;
using OsCircular.Publishing.Collecting;
using OsCircular.Publishing.Mirroring;
using OsCircular.Sources;
using OsCircular.TestKit;
using OsCircular.TestKit.Mirrors;
using OsCircular.TestKit.Sources;

namespace OsCircular.Tests.Publishing.Mirroring;

public sealed class RepositoryCopierTests : IDisposable
{
    private readonly PublishRig _rig = new();
    private readonly TempDirectory _folder = new();

    private string Copy => _folder["copy"];

    public void Dispose()
    {
        _rig.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public async Task Copy_NewFolder_IsTheRepository()
    {
        await PublishAsync(1);
        CopyResult result = await CopyAsync();

        Assert.Equal((1, 0, 1), (result.Sequence, result.Before, result.Versions));
        AssertIsTheRepository();
    }

    [Fact]
    public async Task Copy_Again_WritesNothing()
    {
        await PublishAsync(1);
        await CopyAsync();
        List<string> steps = [];

        CopyResult again = await CopyAsync(beforeStep: steps.Add);

        Assert.True(again.Unchanged);
        Assert.Empty(steps);
    }

    [Fact]
    public async Task Copy_NextVersion_FetchesOnlyWhatIsNew()
    {
        await PublishAsync(1);
        await CopyAsync();
        await PublishAsync(2);
        using MirrorSource source = MirrorFixtures.Over(_rig.Repository);
        FaultySource counting = new(source, (_, _) => Fault.None);

        CopyResult result = await CopyAsync(new GoodFiles(counting, source), source.Heads[0]);

        Assert.Equal((2, 1), (result.Sequence, result.Before));
        Assert.Equal(3, counting.Calls); // two of its own and one of its text
        AssertIsTheRepository();
    }

    [Fact]
    public async Task Copy_OfACopy_IsTheRepository()
    {
        await PublishAsync(1);
        await PublishAsync(2);
        await CopyAsync();
        string second = _folder["second"];
        using MirrorSource source = MirrorFixtures.Over(Copy);

        await CopyAsync(new GoodFiles(source, source), source.Heads[0], folder: second);

        AssertIsTheRepository(second);
    }

    [Fact]
    public async Task Copy_KilledAnywhere_ServesItsOldStateAndTheNextFinishes()
    {
        await PublishAsync(1);
        byte[] old = _rig.ReadBack("1");
        await CopyAsync();
        await PublishAsync(2);
        string before = _folder["before"];
        CopyTree(Copy, before);
        int kills = 0;
        for (int killAt = 1; ; killAt++)
        {
            string folder = _folder[$"copy-{killAt}"];
            CopyTree(before, folder);
            int steps = 0;
            bool killed = false;
            try
            {
                await CopyAsync(folder: folder, beforeStep: _ =>
                {
                    if (Interlocked.Increment(ref steps) >= killAt) throw new Killed();
                });
            }
            catch (Killed)
            {
                killed = true;
            }

            // Whichever head is there, all that it needs is.
            VerifyResult verified = await VerifyAsync(folder);
            Assert.True(verified.IsGood, $"killed at {killAt}: {string.Join('\n', verified.Damage)}");
            if (!killed) break;
            kills++;
            await CopyAsync(folder: folder);
            AssertIsTheRepository(folder);
        }

        Assert.True(kills > 10, $"only {kills} places to be killed at");
        Assert.Equal(old, _rig.ReadBack("1"));
    }

    [Fact]
    public async Task Copy_BlockThatPowerTore_IsFetchedAnew()
    {
        await PublishAsync(1);
        await Assert.ThrowsAsync<Killed>(() => CopyAsync(beforeStep: step =>
        {
            if (step == "sync everything") throw new Killed();
        }));
        string torn = Directory.EnumerateFiles(Path.Combine(Copy, "blocks"), "*", SearchOption.AllDirectories).First();
        File.WriteAllBytes(torn, new byte[new FileInfo(torn).Length]);

        await CopyAsync();

        AssertIsTheRepository();
    }

    [Fact]
    public async Task Copy_SourceLacksABlock_EndsAndTheOldHeadStays()
    {
        await PublishAsync(1);
        await CopyAsync();
        byte[] head = File.ReadAllBytes(Path.Combine(Copy, "head.minisig"));
        await PublishAsync(2);
        using MirrorSource source = MirrorFixtures.Over(_rig.Repository);
        FaultySource lacking = new(source, (_, call) => call == 1 ? SourceError.Missing : Fault.None);

        UserError error = await Assert.ThrowsAsync<UserError>(() => CopyAsync(new GoodFiles(lacking, source), source.Heads[0]));

        Assert.Contains("could not be had (missing)", error.Message, StringComparison.Ordinal);
        Assert.Equal(head, File.ReadAllBytes(Path.Combine(Copy, "head.minisig")));
        Assert.True((await VerifyAsync(Copy)).IsGood);
    }

    [Fact]
    public async Task Copy_SourceIsCollectedMeanwhile_GoesOnWithItsNewHead()
    {
        await PublishAsync(1);
        await PublishAsync(2);
        using MirrorSource source = MirrorFixtures.Over(_rig.Repository);
        CollectOptions collect = new() { RepositoryPath = _rig.Repository, Key = _rig.Key, Keep = 1, Grace = TimeSpan.Zero };
        bool collected = false;
        IBlockSource whileCollecting = new FaultySource(source, (_, _) =>
        {
            if (!collected)
            {
                collected = true;
                new Collector(_rig.Time).CollectAsync(collect, null, CancellationToken.None).GetAwaiter().GetResult();
            }

            return Fault.None;
        });

        CopyResult result = await CopyAsync(new GoodFiles(whileCollecting, source), source.Heads[0], options => options with { Parallel = 1 });

        Assert.Equal((3, 1), (result.Sequence, result.Versions));
        Assert.True((await VerifyAsync(Copy)).IsGood);
    }

    [Fact]
    public async Task Copy_Delete_RemovesWhatIsGoneAfterTheNewHead()
    {
        await PublishAsync(1);
        await PublishAsync(2);
        await CopyAsync();
        await new Collector(_rig.Time).CollectAsync(
            new CollectOptions { RepositoryPath = _rig.Repository, Key = _rig.Key, Keep = 1, Grace = TimeSpan.Zero }, null, CancellationToken.None);

        Assert.Equal(0, (await CopyAsync()).Freed.Files);
        Assert.True((await VerifyAsync(Copy)).UnusedBlocks > 0);
        await PublishAsync(3);
        List<string> steps = [];
        CopyResult result = await CopyAsync(change: options => options with { Delete = true }, beforeStep: steps.Add);

        Assert.True(result.Freed.Files > 0);
        Assert.Equal(0, (await VerifyAsync(Copy)).UnusedBlocks);
        Assert.True(steps.FindIndex(step => step.StartsWith("remove blocks/", StringComparison.Ordinal)) > steps.IndexOf("sync the folder"));
    }

    [Fact]
    public async Task Copy_SourceLags_IsRefusedAndNothingChanges()
    {
        await PublishAsync(1);
        string old = _folder["old"];
        CopyTree(_rig.Repository, old);
        await PublishAsync(2);
        await CopyAsync();
        using MirrorSource source = MirrorFixtures.Over(old);

        UserError error = await Assert.ThrowsAsync<UserError>(() => CopyAsync(new GoodFiles(source, source), source.Heads[0]));

        Assert.Contains("lower than the copy's 2", error.Message, StringComparison.Ordinal);
        AssertIsTheRepository();
    }

    [Fact]
    public async Task Copy_AnotherPublishersRepository_IsRefused()
    {
        await PublishAsync(1);
        _rig.Key = OsCircular.Indexes.Signing.MinisignSecretKey.Generate();

        UserError error = await Assert.ThrowsAsync<UserError>(() => CopyAsync());

        Assert.Contains("is signed with key", error.Message, StringComparison.Ordinal);
        Assert.False(Directory.Exists(Copy));

        // Whoever made the folder keeps it.
        Directory.CreateDirectory(Copy);
        await Assert.ThrowsAsync<UserError>(() => CopyAsync());
        Assert.Empty(Directory.GetFileSystemEntries(Copy));
    }

    [Fact]
    public async Task Copy_IntoACacheOrWhileAnotherWrites_IsRefused()
    {
        await PublishAsync(1);
        Directory.CreateDirectory(Path.Combine(Copy, "agent"));
        Assert.Contains("cache", (await Assert.ThrowsAsync<UserError>(() => CopyAsync())).Message, StringComparison.Ordinal);
        Directory.Delete(Path.Combine(Copy, "agent"));
        using RepositoryWriter other = RepositoryWriter.Open(Copy, create: true);
        Assert.Contains("another program", (await Assert.ThrowsAsync<UserError>(() => CopyAsync())).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(1, 7, 1, null)]
    [InlineData(1, 8, 2, null)]
    [InlineData(1, 7, 2, "is a fork")]
    [InlineData(1, 6, 1, "lower")]
    [InlineData(2, 9, 1, "of repository")]
    public void Rule_HeldSeven_TakesOnlyTheSameOrNewer(ulong repository, long sequence, byte manifest, string? fault)
    {
        HeadComment held = new(new RepositoryId(1), 7, Digest.Of([1]), null);
        string? found = CopyRule.FaultOf(held, new HeadComment(new RepositoryId(repository), sequence, Digest.Of([manifest]), null));
        if (fault is null) Assert.Null(found);
        else Assert.Contains(fault, found, StringComparison.Ordinal);
    }

    private async Task PublishAsync(int version)
    {
        PublisherTests.WriteImage(_rig.Image, [(6, 2, 1), (2, 2, 100 + version), (515, 0, 0), (1, 3, version)], 512);
        await _rig.PublishAsync();
    }

    private async Task<CopyResult> CopyAsync(
        GoodFiles? files = null, IHeadSource? heads = null, Func<CopyOptions, CopyOptions>? change = null, string? folder = null, Action<string>? beforeStep = null)
    {
        using MirrorSource source = MirrorFixtures.Over(_rig.Repository);
        CopyOptions options = new() { Folder = folder ?? Copy, Key = _rig.Key.PublicKey, Parallel = 3 };
        return await new RepositoryCopier(heads ?? source.Heads[0], files ?? new GoodFiles(source, source), TimeProvider.System, beforeStep)
            .CopyAsync(change?.Invoke(options) ?? options, null, CancellationToken.None);
    }

    private Task<VerifyResult> VerifyAsync(string folder) => new RepositoryVerifier(_rig.Time).VerifyAsync(folder, _rig.Key.PublicKey, null, CancellationToken.None);

    // All but manifests that are not the newest any more.
    private void AssertIsTheRepository(string? folder = null)
    {
        folder ??= Copy;
        string newest = RepositoryPaths.Document(DocumentKind.Manifest, _rig.State.Head.Manifest);
        string[] files = [.. _rig.Files.Where(file => !file.StartsWith("manifests/", StringComparison.Ordinal) || file == newest)];
        Assert.All(files, file => Assert.Equal(File.ReadAllBytes(Path.Combine(_rig.Repository, file)), File.ReadAllBytes(Path.Combine(folder, file))));
        Assert.False(Directory.Exists(Path.Combine(folder, "tmp")));
    }

    private static void CopyTree(string from, string to)
    {
        foreach (string file in Directory.EnumerateFiles(from, "*", SearchOption.AllDirectories))
        {
            string target = Path.Combine(to, Path.GetRelativePath(from, file));
            Directory.CreateDirectory(Path.GetDirectoryName(target)!);
            File.Copy(file, target);
        }
    }

    private sealed class Killed : Exception;
}
