using CsCheck;
using OsCircular.Blocks;
using OsCircular.Indexes;
using OsCircular.Publishing;
using OsCircular.Sources;
using OsCircular.TestKit.Programs;

namespace OsCircular.Tests.Publishing;

/// <summary>What a guest does to its overlay is done here by <c>qemu-io</c>.</summary>
public sealed class OverlayCommitTests
{
    private const int Size = PublishRig.BlockSize;
    private const int Blocks = 1100; // three leaf pages

    private static readonly Gen<string[]> Changes = Gen.OneOf(
        Gen.Select(Gen.Int[0, Blocks * 128 - 1], Gen.Int[1, 600], Gen.Int[1, 9], (sector, sectors, pattern) => $"write -P {pattern} {Range(sector, sectors)}"),
        Gen.Select(Gen.Int[0, Blocks * 128 - 1], Gen.Int[1, 3000], (sector, sectors) => $"write -z {Range(sector, sectors)}"),
        Gen.Select(Gen.Int[0, Blocks * 128 - 1], Gen.Int[1, 3000], (sector, sectors) => $"discard {Range(sector, sectors)}")).Array[1, 8];

    [Fact]
    public void Commit_AnyChanges_IsWhatPublishingTheWholeDiskGives() => Changes.Sample(changes =>
    {
        using var rig = new CommitRig();
        rig.StartAsync((300, 2, 1), (300, 0, 0), (100, 3, 2), (200, 0, 0), (200, 2, 3)).GetAwaiter().GetResult();
        rig.ChangeAsync(changes).GetAwaiter().GetResult();
        rig.AssertLikeWholeAsync().GetAwaiter().GetResult();
    }, iter: 8);

    [Fact]
    public async Task Commit_ReadsTheTouchedBlocksOnly()
    {
        using var rig = new CommitRig();
        await rig.StartAsync((600, 2, 1));
        // 4 KiB in block 5, the whole of block 9, zeros over 12 and 13.
        await rig.ChangeAsync($"write -P 7 {5 * Size + 4096} 4096", $"write -P 8 {9 * Size} {Size}", $"write -z {12 * Size} {2 * Size}");
        // Only block 5 is put together from both: no other block file of version 1 may be looked at.
        string needed = rig.Base.Rows(rig.Version("1"))[5].Row.Name.ToString();
        foreach (string file in TestRepository.BlockFiles(rig.Base.Repository).Where(file => Path.GetFileName(file) != needed)) File.Delete(file);

        PublishResult result = await rig.CommitAsync();

        Assert.Equal((2, 596, 2), (result.Blocks.New, result.Blocks.Reused, result.Blocks.Zero));
        Assert.Equal(2 * Size, result.Blocks.BytesRead); // zeros are known to be zeros
        Assert.Equal("2", result.Version.ToString());
    }

    [Fact]
    public async Task Commit_AllTrimmed_HasNoIndex()
    {
        using var rig = new CommitRig();
        await rig.StartAsync((20, 2, 1));
        await rig.ChangeAsync($"discard 0 {20 * Size}");
        PublishResult result = await rig.CommitAsync();
        Assert.Equal((20, 0), (result.Blocks.Zero, result.Blocks.BytesRead));
        Assert.Null(rig.Version("2").Index);
    }

    [Fact]
    public async Task Commit_NothingChanged_WritesNothing()
    {
        using var rig = new CommitRig();
        await rig.StartAsync((20, 2, 1));
        Assert.True((await rig.CommitAsync()).Unchanged);
    }

    [Theory]
    [InlineData(20 * Size + 1536)] // larger, by a block of its own
    [InlineData(7 * Size + 512)] // smaller, in the middle of a block
    public async Task Commit_DiskOfAnotherSize_IsThatDisk(long size)
    {
        using var rig = new CommitRig();
        await rig.StartAsync((20, 3, 1));
        await TestProcess.ShellAsync("qemu-img resize -q --shrink \"$1\" \"$2\"", rig.Overlay, $"{size}");
        await rig.AssertLikeWholeAsync();
    }

    [Fact]
    public async Task Commit_BaseBlockDamaged_NamesItAndPublishesNothing()
    {
        using var rig = new CommitRig();
        await rig.StartAsync((20, 2, 1));
        await rig.ChangeAsync($"write -P 7 {5 * Size} 512");
        string file = Path.Combine(rig.Base.Repository, RepositoryPaths.Block(rig.Base.Rows(rig.Version("1"))[5].Row.Name));
        File.WriteAllBytes(file, new byte[100]);
        UserError error = await Assert.ThrowsAsync<UserError>(rig.CommitAsync);
        Assert.Contains($"{file} is not the block that the index names", error.Message, StringComparison.Ordinal);
        Assert.Equal(1, rig.Base.State.Head.Sequence);
    }

    [Fact]
    public async Task Commit_GuestRuns_SaysSo()
    {
        using var rig = new CommitRig();
        await rig.StartAsync((20, 2, 1));
        await using TestProcess guest = TestProcess.Start("bash", ["-c", "(echo 'write 0 512'; sleep 60) | qemu-io \"$1\"", "bash", rig.Overlay]);
        await guest.WaitForOutputAsync("wrote 512", TimeSpan.FromSeconds(20));
        UserError error = await Assert.ThrowsAsync<UserError>(rig.CommitAsync);
        Assert.Contains("shut the guest that runs on it down first", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Open_CompressedClusters_SaysHowToCopy()
    {
        using var rig = new CommitRig();
        await rig.StartAsync((20, 2, 1));
        await rig.ChangeAsync($"write -c -P 7 {Size} {Size}");
        UserError error = await Assert.ThrowsAsync<UserError>(rig.CommitAsync);
        Assert.Contains("compressed clusters", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("/mnt/debian/1/disk.raw", "debian@1")]
    [InlineData("mnt/a.b/v_2/disk.raw", "a.b@v_2")]
    [InlineData("/mnt/debian/latest/disk.raw", null)] // what it lies on would change under it
    [InlineData("/mnt/debian/1/other.raw", null)]
    [InlineData("/disk.raw", null)]
    [InlineData("json:{}", null)]
    public void VersionOf_Path(string path, string? version) => Assert.Equal(version, OverlayFile.VersionOf(path)?.ToString());

    private static string Range(int sector, int sectors) => $"{sector * 512L} {Math.Min(sectors, Blocks * 128 - sector) * 512L}";

    /// <summary>A repository with version 1, and an overlay on that disk.</summary>
    private sealed class CommitRig : IDisposable
    {
        private readonly string _disk;

        public CommitRig()
        {
            _disk = Path.Combine(Directory.CreateDirectory(Path.Combine(Base.Folder, "mnt", "debian", "1")).FullName, "disk.raw");
            Overlay = Path.Combine(Base.Folder, "guest.qcow2");
        }

        public PublishRig Base { get; } = new();
        public string Overlay { get; }

        public ManifestVersion Version(string name) => Base.State.Manifest.Find(VersionReference.Parse($"debian@{name}"))!;

        public async Task StartAsync(params (int Blocks, int Kind, int Seed)[] runs)
        {
            PublisherTests.WriteImage(_disk, runs, 0);
            await Base.PublishAsync(Base.Options with { ImagePath = _disk });
            // As many clusters to a block as a block of the usual size has of the usual clusters, and more.
            await TestProcess.ShellAsync("qemu-img create -q -f qcow2 -o cluster_size=4096 -F raw -b \"$1\" \"$2\"", _disk, Overlay);
        }

        public Task ChangeAsync(params string[] changes) =>
            TestProcess.ShellAsync("file=$1; shift; qemu-io -d unmap \"$@\" \"$file\"", [Overlay, .. changes.SelectMany(change => (string[])["-c", change])]);

        public async Task<PublishResult> CommitAsync()
        {
            OverlayFile overlay = await OverlayFile.OpenAsync(Overlay, TimeProvider.System, TestContext.Current.CancellationToken);
            // The disk here is no mount, so nothing shows that it is this repository's.
            return await Base.PublishAsync(Base.Options with { ImagePath = Overlay, Overlay = overlay, Force = true });
        }

        /// <summary>Commits, and publishes the converted disk into a copy of the repository: the same index and files must come of both.</summary>
        public async Task AssertLikeWholeAsync()
        {
            using var whole = new PublishRig();
            await TestProcess.ShellAsync("cp -r \"$1\" \"$2\"; qemu-img convert -O raw \"$3\" \"$4\"", Base.Repository, whole.Repository, Overlay, whole.Image);
            PublishResult committed = await CommitAsync();
            PublishResult published = await whole.PublishAsync();
            Assert.Equal(whole.State.Manifest.Find(VersionReference.Parse("debian"))! with { }, Base.State.Manifest.Find(VersionReference.Parse("debian")));
            Assert.Equal(whole.Files, Base.Files);
            Assert.Equal(published.StoredBytes, committed.StoredBytes);
            Assert.Equal(published.Blocks with { BytesRead = 0 }, committed.Blocks with { BytesRead = 0 });
        }

        public void Dispose() => Base.Dispose();
    }
}
