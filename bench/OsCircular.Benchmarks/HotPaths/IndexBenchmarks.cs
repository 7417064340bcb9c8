using BenchmarkDotNet.Attributes;
using OsCircular.Blocks;
using OsCircular.Indexes;

namespace OsCircular.Benchmarks.HotPaths;

/// <summary>Looking a block up, and parsing what was fetched.</summary>
public class IndexBenchmarks
{
    private const int Images = 20;
    private const int Versions = 10;

    private static readonly BlockGeometry Geometry = new((long)IndexShape.EntriesPerPage * BlockGeometry.DefaultBlockSize, BlockGeometry.DefaultBlockSize);

    private readonly byte[] _page = FullLeaf();
    private readonly byte[] _manifest = LargeManifest().ToBytes();
    private IndexPage _leaf = null!;
    private int _entry;

    [GlobalSetup]
    public void Parse() => _leaf = ParsePage();

    [Benchmark]
    public int TryGetRow()
    {
        _entry = (_entry + 7) % IndexShape.EntriesPerPage;
        return _leaf.TryGetRow(_entry, out BlockRow row) ? row.StoredLength : 0;
    }

    [Benchmark]
    public IndexPage ParsePage() =>
        IndexPage.TryParse(_page, 0, Geometry.BlockSize, out IndexPage? page, out IndexPageFault fault) ? page : throw new InvalidOperationException($"{fault}");

    /// <summary>20 images of 10 versions.</summary>
    [Benchmark]
    public Manifest ParseManifest() =>
        Manifest.TryParse(_manifest, out Manifest? manifest, out HeadRefusal? refusal) ? manifest : throw new InvalidOperationException($"{refusal}");

    private static byte[] FullLeaf()
    {
        byte[] leaf = [];
        var builder = new IndexTreeBuilder(new IndexShape(Geometry), (_, page) => leaf = page.ToArray());
        var random = new Random(1);
        byte[] bytes = new byte[64];
        for (int i = 0; i < IndexShape.EntriesPerPage; i++)
        {
            random.NextBytes(bytes);
            builder.Add(new BlockRow(BlockName.Of(bytes), Digest.Of(bytes), random.Next(1, Geometry.BlockSize), BlockEncoding.Zstd));
        }

        builder.Complete();
        return leaf;
    }

    private static Manifest LargeManifest()
    {
        var published = new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);
        IEnumerable<ManifestImage> images =
            from image in Enumerable.Range(1, Images)
            let versions =
                from version in Enumerable.Range(1, Versions)
                let index = Digest.Of(BitConverter.GetBytes(image * 1000 + version))
                select new ManifestVersion(VersionName.Parse($"{version}"), index, Geometry, 1 << 20, published)
            select new ManifestImage(ImageName.Parse($"image-{image:d2}"), [.. versions], []);
        return new Manifest(new RepositoryId(1), 1, images);
    }
}
