using CsCheck;
using OsCircular.Blocks;
using OsCircular.Indexes;
using OsCircular.Publishing;

namespace OsCircular.Tests.Publishing;

public sealed class PublisherTests
{
    private const int Size = PublishRig.BlockSize;

    // A disk as (blocks, kind, seed) runs and a last short block: holes, written zeros, noise, text, and repeats of a run with the same seed.
    private static readonly Gen<((int Blocks, int Kind, int Seed)[] Runs, int Tail)> Disks =
        Gen.Select(Gen.Select(Gen.Int[1, 20], Gen.Int[0, 3], Gen.Int[0, 3]).Array[1, 8], Gen.Int[0, 3]);

    [Fact]
    public void Publish_ThenWalkAndDecode_IsTheImage() => Disks.Sample(disk =>
    {
        using var rig = new PublishRig();
        byte[] image = WriteImage(rig.Image, disk.Runs, disk.Tail * 512);
        PublishResult result = rig.PublishAsync().GetAwaiter().GetResult();

        Assert.Equal(image, rig.ReadBack("1"));
        Assert.Equal((image.Length + Size - 1) / Size, result.Blocks.Total);
        ManifestVersion version = rig.State.Manifest.Find(VersionReference.Parse("debian"))!;
        var rows = rig.Rows(version);
        Assert.Equal(result.Blocks.New + result.Blocks.Reused, rows.Count);
        Assert.Equal(rows.Select(row => row.Row.Content).Distinct().Count(), result.Blocks.New);
        Assert.Equal(rows.Select(row => row.Row).Distinct().Sum(row => (long)row.StoredLength), version.StoredBytes);
        Assert.Equal(version.StoredBytes, result.Blocks.NewStoredBytes);
        Assert.Equal(result.Blocks.New, rig.Files.Count(file => file.StartsWith("blocks/", StringComparison.Ordinal)));
    }, iter: 40);

    [Fact]
    public async Task Publish_HolesAndWrittenZeros_StoreNothing()
    {
        using var rig = new PublishRig();
        WriteImage(rig.Image, [(2000, 0, 0), (1, 1, 0)], 0);
        PublishResult result = await rig.PublishAsync();

        Assert.Equal(2001, result.Blocks.Zero);
        Assert.True(result.Blocks.BytesRead <= 2 * Size, "holes are not read");
        Assert.Null(rig.State.Manifest.Find(VersionReference.Parse("debian"))!.Index);
        Assert.Equal(2, rig.Files.Length); // head and manifest
    }

    [Fact]
    public async Task Publish_SameImageAgain_WritesNothingAndSaysSo()
    {
        using var rig = new PublishRig();
        WriteImage(rig.Image, [(600, 2, 1), (5, 3, 1)], 512);
        await rig.PublishAsync();
        string[] files = rig.Files;
        byte[] head = File.ReadAllBytes(Path.Combine(rig.Repository, "head.minisig"));
        var steps = new List<string>();

        rig.Time.Now = rig.Time.Now.AddDays(1);
        PublishResult again = await rig.PublishAsync(beforeStep: steps.Add);

        Assert.True(again.Unchanged);
        Assert.Equal("1", again.Version.ToString());
        Assert.Equal(1, again.Sequence);
        Assert.Empty(steps);
        Assert.Equal(files, rig.Files);
        Assert.Equal(head, File.ReadAllBytes(Path.Combine(rig.Repository, "head.minisig")));
        Assert.Equal((0, 0), (again.Blocks.New, again.NewPages));
    }

    [Fact]
    public async Task Publish_ChangedImage_AddsOnlyWhatChanged()
    {
        using var rig = new PublishRig();
        byte[] first = WriteImage(rig.Image, [(1500, 2, 1)], 0);
        await rig.PublishAsync();
        byte[] second = [.. first];
        second[700 * Size] ^= 1;
        File.WriteAllBytes(rig.Image, second);

        PublishResult result = await rig.PublishAsync();

        Assert.Equal("2", result.Version.ToString());
        Assert.Equal(2, result.Sequence);
        Assert.Equal((1, 1499), (result.Blocks.New, result.Blocks.Reused));
        Assert.Equal(2, result.NewPages); // its leaf and the root
        Assert.Equal(first, rig.ReadBack("1"));
        Assert.Equal(second, rig.ReadBack("2"));
    }

    [Fact]
    public async Task Publish_OtherImageOfTheRepository_SharesBlocksByContentWhateverTheLevel()
    {
        using var rig = new PublishRig();
        WriteImage(rig.Image, [(50, 3, 1)], 0);
        await rig.PublishAsync();
        PublishResult other = await rig.PublishAsync(rig.Options with { Name = ImageName.Parse("other"), Level = 19 });
        Assert.Equal((0, 50), (other.Blocks.New, other.Blocks.Reused));
        Assert.Equal(0, other.NewPages);
        Assert.False(other.Unchanged);
        Assert.Equal(["debian", "other"], rig.State.Manifest.Images.Select(image => image.Name.ToString()));
    }

    [Fact]
    public async Task Publish_NamesClash_NeverOneNameForTwoContents()
    {
        using var rig = new PublishRig();
        byte[] image = WriteImage(rig.Image, [(6, 3, 1)], 0);
        // All zstd frames of one length class get one name; raw files keep their own.
        BlockName Weak(ReadOnlySpan<byte> file) => file.Length == Size ? BlockName.Of(file) : BlockName.Of([1]);

        PublishResult result = await rig.PublishAsync(nameOf: Weak);

        var rows = rig.Rows(rig.State.Manifest.Find(VersionReference.Parse("debian"))!);
        Assert.Equal(6, result.Blocks.New);
        Assert.Equal(6, rows.Select(row => row.Row.Name).Distinct().Count());
        Assert.Equal(5, rows.Count(row => row.Row.Encoding == BlockEncoding.Raw));
        foreach ((long block, BlockRow row) in rows.Where(row => row.Row.Encoding == BlockEncoding.Raw))
            Assert.Equal(image[((int)block * Size)..((int)(block + 1) * Size)], File.ReadAllBytes(Path.Combine(rig.Repository, $"blocks/{row.Name.ToString()[..2]}/{row.Name}")));
    }

    [Fact]
    public async Task Publish_NamesClashEvenRaw_StoresAtAnotherLevel()
    {
        using var rig = new PublishRig();
        WriteImage(rig.Image, [(2, 3, 1)], 0);
        int calls = 0;
        BlockName Weak(ReadOnlySpan<byte> file) => Interlocked.Increment(ref calls) <= 3 ? BlockName.Of([1]) : BlockName.Of(file);

        PublishResult result = await rig.PublishAsync(rig.Options with { Workers = 1 }, nameOf: Weak);

        Assert.Equal(2, result.Blocks.New);
        Assert.All(rig.Rows(rig.State.Manifest.Find(VersionReference.Parse("debian"))!), row => Assert.Equal(BlockEncoding.Zstd, row.Row.Encoding));
    }

    [Fact]
    public async Task Publish_LeftOverBlockFileOfAKilledPublish_IsCheckedBeforeItIsReused()
    {
        using var rig = new PublishRig();
        WriteImage(rig.Image, [(20, 2, 1)], 0);
        await rig.PublishAsync();
        byte[] image = rig.ReadBack("1");
        File.Delete(Path.Combine(rig.Repository, "head.minisig"));
        string[] blocks = [.. rig.Files.Where(file => file.StartsWith("blocks/", StringComparison.Ordinal)).Select(file => Path.Combine(rig.Repository, file))];
        File.WriteAllBytes(blocks[0], [1, 2, 3]); // torn
        byte[] flipped = File.ReadAllBytes(blocks[1]);
        flipped[100] ^= 1;
        File.WriteAllBytes(blocks[1], flipped);
        DateTime untouched = File.GetLastWriteTimeUtc(blocks[2]);

        await rig.PublishAsync();

        Assert.Equal(image, rig.ReadBack("1"));
        Assert.Equal(untouched, File.GetLastWriteTimeUtc(blocks[2]));
    }

    [Fact]
    public async Task Publish_KeepsTheBlockSizeOfTheImagesLastVersion()
    {
        using var rig = new PublishRig();
        WriteImage(rig.Image, [(5, 2, 1)], 0);
        await rig.PublishAsync();
        File.AppendAllText(rig.Image, new string('x', 512));
        Assert.Equal(Size, (await rig.PublishAsync(rig.Options with { BlockSize = null })).Geometry.BlockSize);
        Assert.Equal(BlockGeometry.DefaultBlockSize, (await rig.PublishAsync(rig.Options with { BlockSize = null, Name = ImageName.Parse("new") })).Geometry.BlockSize);
    }

    [Fact]
    public async Task Publish_FilesAndFolders_AreReadableByAWebServer()
    {
        using var rig = new PublishRig();
        WriteImage(rig.Image, [(3, 2, 1)], 0);
        await rig.PublishAsync();
        Assert.All(rig.Files, file => Assert.Equal("644", Convert.ToString((int)File.GetUnixFileMode(Path.Combine(rig.Repository, file)), 8)));
        foreach (string folder in Directory.EnumerateDirectories(rig.Repository, "*", SearchOption.AllDirectories).Append(rig.Repository))
            Assert.Equal("755", Convert.ToString((int)File.GetUnixFileMode(folder), 8));
        Assert.False(Directory.Exists(Path.Combine(rig.Repository, "tmp")));
    }

    [Fact]
    public async Task Publish_GivenExpiry_TheHeadNamesTheDay()
    {
        using var rig = new PublishRig();
        WriteImage(rig.Image, [(3, 2, 1)], 0);
        await rig.PublishAsync(rig.Options with { ExpiresAfter = TimeSpan.FromDays(30) });
        Assert.Equal(new DateOnly(2026, 12, 1), rig.State.Head.Comment.Expires);
    }

    [Fact]
    public async Task Publish_Cancelled_Stops()
    {
        using var rig = new PublishRig();
        WriteImage(rig.Image, [(100, 2, 1)], 0);
        using var stop = new CancellationTokenSource();
        var publisher = new Publisher(rig.Time, () => default, step =>
        {
            if (step.StartsWith("rename blocks", StringComparison.Ordinal)) stop.Cancel();
        });
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => publisher.PublishAsync(rig.Options, null, stop.Token));
        Assert.False(File.Exists(Path.Combine(rig.Repository, "head.minisig")));
    }

    internal static byte[] WriteImage(string path, (int Blocks, int Kind, int Seed)[] runs, int tail)
    {
        using var file = new FileStream(path, FileMode.Create);
        foreach ((int blocks, int kind, int seed) in runs)
        {
            var random = new Random(seed);
            for (int i = 0; i < blocks; i++)
            {
                byte[] block = new byte[Size];
                if (kind == 0)
                {
                    file.Seek(Size, SeekOrigin.Current);
                    continue;
                }

                if (kind == 2) random.NextBytes(block);
                if (kind == 3) for (int at = 0; at < Size; at += 64) BitConverter.TryWriteBytes(block.AsSpan(at), random.Next());
                file.Write(block);
            }
        }

        file.SetLength(file.Position);
        file.Write(Enumerable.Repeat((byte)7, tail).ToArray());
        file.Close();
        return File.ReadAllBytes(path);
    }
}
