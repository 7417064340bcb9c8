using OsCircular.Blocks;
using OsCircular.Indexes;
using OsCircular.Indexes.Signing;
using OsCircular.Publishing;
using OsCircular.Sources;
using OsCircular.TestKit;

namespace OsCircular.Tests.Publishing;

/// <summary>A temporary folder with an image file and a repository, a key and a clock; reads versions back block by block with nothing of the publisher's.</summary>
internal sealed class PublishRig : IDisposable
{
    public const int BlockSize = BlockGeometry.MinBlockSize;

    private readonly TempDirectory _folder = new();

    public PublishRig()
    {
        Image = Path.Combine(_folder.Path, "image.raw");
        Repository = Path.Combine(_folder.Path, "repository");
    }

    public string Folder => _folder.Path;
    public string Image { get; }
    public string Repository { get; set; }
    public FixedClock Time { get; } = new();
    public MinisignSecretKey Key { get; set; } = new(0x0102030405060708, [.. Enumerable.Range(1, 32).Select(i => (byte)i)]);

    public PublishOptions Options => new()
    {
        ImagePath = Image,
        RepositoryPath = Repository,
        Name = ImageName.Parse("debian"),
        Key = Key,
        BlockSize = BlockSize,
        Workers = 3,
    };

    public Task<PublishResult> PublishAsync(PublishOptions? options = null, Action<string>? beforeStep = null, BlockNaming? nameOf = null) =>
        new Publisher(Time, () => new RepositoryId(0x00112233_44556677), beforeStep, nameOf).PublishAsync(options ?? Options, null, CancellationToken.None);

    public RepositoryState State => RepositoryState.Load(Repository, Key.PublicKey)!;

    /// <summary>Every file, by its path in the repository.</summary>
    public string[] Files =>
        [.. Directory.EnumerateFiles(Repository, "*", SearchOption.AllDirectories).Select(path => Path.GetRelativePath(Repository, path)).Order(StringComparer.Ordinal)];

    public byte[] ReadBack(string version) => ReadBack(State.Manifest.Find(VersionReference.Parse($"debian@{version}"))!);

    public byte[] ReadBack(ManifestVersion version)
    {
        byte[] disk = new byte[version.Geometry.DiskSize];
        using var decoder = new BlockDecoder();
        foreach ((long number, BlockRow row) in Rows(version))
        {
            Memory<byte> block = disk.AsMemory((int)version.Geometry.OffsetOf(number), version.Geometry.LengthOf(number));
            Assert.True(StoredBlock.TryVerify(row.Name, File.ReadAllBytes(Path.Combine(Repository, RepositoryPaths.Block(row.Name))), out StoredBlock stored));
            Assert.True(Block.TryMap(row, stored, proven: false, decoder, block, out _));
        }

        return disk;
    }

    public List<(long Block, BlockRow Row)> Rows(ManifestVersion version)
    {
        var rows = new List<(long, BlockRow)>();
        var shape = new IndexShape(version.Geometry);
        if (version.Index is { } root) Collect(root, shape.RootLevel, 0);
        return rows;

        void Collect(Digest digest, int level, long first)
        {
            byte[] bytes = File.ReadAllBytes(Path.Combine(Repository, RepositoryPaths.Document(DocumentKind.IndexPage, digest)));
            Assert.Equal(digest, Digest.Of(bytes));
            Assert.True(IndexPage.TryParse(bytes, level, version.Geometry.BlockSize, out IndexPage? page, out _));
            for (int i = 0; i < IndexShape.EntriesPerPage; i++)
            {
                if (page.IsZero(i)) continue;
                long block = first + i * IndexShape.BlocksPerEntry(level);
                if (level == 0 && page.TryGetRow(i, out BlockRow row)) rows.Add((block, row));
                else if (page.TryGetChild(i, out Digest child)) Collect(child, level - 1, block);
            }
        }
    }

    public void Dispose() => _folder.Dispose();
}

/// <summary>A clock that stands still until told, at a fixed time.</summary>
internal sealed class FixedClock : TimeProvider
{
    public DateTimeOffset Now { get; set; } = new(2026, 11, 1, 12, 0, 0, 250, TimeSpan.Zero);

    public override DateTimeOffset GetUtcNow() => Now;
}
