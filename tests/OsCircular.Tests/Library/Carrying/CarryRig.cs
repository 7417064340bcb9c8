using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using OsCircular.Blocks;
using OsCircular.Cache;
using OsCircular.Indexes;
using OsCircular.Library;
using OsCircular.Library.Carrying;
using OsCircular.Sources;
using OsCircular.TestKit.Disks;
using OsCircular.Tests.Cache;
using OsCircular.Tests.Indexes;

namespace OsCircular.Tests.Library.Carrying;

/// <summary>An importer over a real cache, and a publisher whose exports are put together by hand, so that they may hold what no export does.</summary>
internal sealed class CarryRig : IAsyncDisposable
{
    private readonly TestCache _cache;
    private readonly HeadLibrary _library;
    private readonly Importer _importer;
    private int _files;

    private CarryRig(TestCache cache, HeadLibrary library)
    {
        _cache = cache;
        _library = library;
        _importer = new Importer(new ImportParts(cache.Cache, library, Samples.Key.PublicKey, Time), NullLogger<Importer>.Instance);
    }

    public static FakeTimeProvider Time { get; } = new(Samples.Time);

    public BlockStore Blocks => _cache.Blocks;
    public AdoptedHead? Adopted => _library.Current;

    public static async Task<CarryRig> CreateAsync(CacheOptions? options = null, Func<BlockName, bool>? isPinned = null)
    {
        TestCache cache = await TestCache.OpenAsync(options, isPinned);
        HeadLibrary library = await HeadLibrary.OpenAsync(
            Samples.Key.PublicKey, cache.Cache.Directory.Head, cache.Cache.Directory.State(Trust.FileName, Trust.MaxLength),
            new CachedDocumentSource(cache.Cache.Documents, new NowhereSource()), [], Time, NullLogger<HeadLibrary>.Instance, TestContext.Current.CancellationToken);
        return new CarryRig(cache, library);
    }

    /// <summary>A disk of so many blocks of 64 KiB, the same for the same seed.</summary>
    public static TestDisk DiskOf(int blocks, int seed = 1) => new(new BlockGeometry((long)blocks * BlockGeometry.MinBlockSize, BlockGeometry.MinBlockSize), seed);

    /// <summary>Writes an export of <c>debian@1</c>.</summary>
    /// <param name="disk">What it is.</param>
    /// <param name="carried">What the comment says that it carries.</param>
    /// <param name="more">Further files, before the blocks.</param>
    /// <param name="leaveOut">How many of the blocks.</param>
    /// <param name="storedBytes">What the manifest says; null: the truth.</param>
    public async Task<string> ExportAsync(
        TestDisk disk, string carried = "debian@1", IEnumerable<(string Path, byte[] Bytes)>? more = null, int leaveOut = 0, long? storedBytes = null)
    {
        ManifestVersion version = new(VersionName.Parse("1"), disk.Root, disk.Geometry, storedBytes ?? disk.BlockFiles.Values.Sum(file => (long)file.Length), Samples.Time);
        byte[] manifest = Samples.Manifest(Samples.Image("debian", version)).ToBytes();
        string path = Path.Combine(_cache.Path, $"export-{_files++}");
        CancellationToken token = TestContext.Current.CancellationToken;
        await using ExportWriter writer = ExportWriter.Open(path, Samples.Time);
        await writer.WriteMarkerAsync([VersionReference.Parse(carried)], token);
        await writer.WriteAsync(RepositoryPaths.Head, Head.Sign(Samples.Key, Samples.Repository, 1, manifest, null), token);
        await writer.WriteAsync(RepositoryPaths.Document(DocumentKind.Manifest, Digest.Of(manifest)), manifest, token);
        foreach (byte[] page in disk.Pages) await writer.WriteAsync(RepositoryPaths.Document(DocumentKind.IndexPage, Digest.Of(page)), page, token);
        foreach ((string extra, byte[] bytes) in more ?? []) await writer.WriteAsync(extra, bytes, token);
        foreach ((BlockName name, byte[] bytes) in disk.BlockFiles.Skip(leaveOut)) await writer.WriteAsync(RepositoryPaths.Block(name), bytes, token);
        await writer.CommitAsync(token);
        return path;
    }

    public Task<ImportResult> ImportAsync(string path, IProgress<CarryProgress>? progress = null, CancellationToken cancellationToken = default) =>
        _importer.ImportAsync(path, allowExpired: false, progress, cancellationToken);

    /// <summary>How many of a disk's blocks are in the cache, and good.</summary>
    public int Held(TestDisk disk) => disk.BlockFiles.Values.Count(file => _cache.Read(file) == SourceError.None);

    public string FileOf(BlockName name) => _cache.FileOf(name);

    public BlockName Keep(byte[] blockFile) => _cache.Store(blockFile);

    public async ValueTask DisposeAsync()
    {
        _importer.Dispose();
        _library.Dispose();
        await _cache.DisposeAsync();
    }
}
