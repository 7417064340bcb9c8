using Microsoft.Extensions.Logging.Abstractions;
using OsCircular.Blocks;
using OsCircular.Cache;
using OsCircular.Indexes;
using OsCircular.Library.Filling;
using OsCircular.Sources;
using OsCircular.TestKit.Disks;
using OsCircular.TestKit.Peers;
using OsCircular.TestKit.Sources;
using OsCircular.Tests.Cache;
using OsCircular.Tests.Indexes;

namespace OsCircular.Tests.Library.Filling;

/// <summary>A filler over a real cache, a mirror in memory in which a test lets things go wrong, and a clock that stands still.</summary>
internal sealed class FillRig : IAsyncDisposable
{
    public const int BlockSize = BlockGeometry.MinBlockSize;
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly TestCache _cache;
    private readonly FakeDocumentSource _documents = new();
    private readonly Dictionary<string, ManifestVersion> _versions = [];

    private FillRig(TestCache cache, Func<IBlockSource, IBlockSource>? line)
    {
        _cache = cache;
        IBlockSource mirror = new FaultySource(Mirror, (request, call) => Rule(request, call));
        Blocks = new CachedBlockSource(cache.Blocks, new KeepingSource(cache.Blocks, line?.Invoke(mirror) ?? mirror, SourceKind.Mirror));
        Filler = new Filler(
            new FillParts
            {
                Cache = cache.Cache,
                Blocks = Blocks,
                Documents = new CachedDocumentSource(cache.Cache.Documents, _documents),
                Manifest = () => Samples.Manifest(Samples.Image("debian", [.. _versions.Values])),
                Start = count => Start(count),
                Time = Time,
                Random = new Random(1),
            },
            NullLogger<Filler>.Instance);
    }

    public Filler Filler { get; }
    public FakeBlockSource Mirror { get; } = new("mirror");
    public WatchedTime Time { get; } = new();

    /// <summary>The chain that readers use too.</summary>
    public IBlockSource Blocks { get; }
    public BlockStore Store => _cache.Blocks;

    /// <summary>What goes wrong at the mirror; nothing.</summary>
    public Func<BlockRequest, int, Fault> Rule { get; set; } = (_, _) => Fault.None;

    /// <summary>Where this host begins; at 0.</summary>
    public Func<long, long> Start { get; set; } = _ => 0;

    /// <summary>Whether index pages can be had.</summary>
    public SourceError DocumentFailure
    {
        set => _documents.Failure = value;
    }

    public static async Task<FillRig> CreateAsync(
        CacheOptions? options = null, Func<BlockName, bool>? isPinned = null, Func<IBlockSource, IBlockSource>? line = null) =>
        new(await TestCache.OpenAsync(options, isPinned), line);

    /// <summary>Puts a disk of so many blocks on offer.</summary>
    /// <param name="version">Its name.</param>
    /// <param name="blocks">A few of them zeros.</param>
    /// <param name="storedBytes">What the manifest says; null: the truth.</param>
    public TestDisk Publish(string version, int blocks, long? storedBytes = null)
    {
        TestDisk disk = new TestDisk(new BlockGeometry((long)blocks * BlockSize, BlockSize), seed: blocks + version[0]).AddTo(_documents).AddTo(Mirror);
        long stored = disk.BlockFiles.Values.Sum(file => (long)file.Length);
        _versions[version] = new ManifestVersion(VersionName.Parse(version), disk.Root, disk.Geometry, storedBytes ?? stored, Samples.Time);
        return disk;
    }

    public void PublishZeros(string version) =>
        _versions[version] = new ManifestVersion(VersionName.Parse(version), null, new BlockGeometry(8 * BlockSize, BlockSize), 0, Samples.Time);

    public void Retire(string version) => _versions[version] = _versions[version] with { Retired = Samples.Time };

    public static VersionReference Name(string version) => VersionReference.Parse($"debian@{version}");

    public FillProgress Begin(string version) => Filler.Begin(Name(version));

    public FillProgress Progress(string version) => Filler.Progress.Single(fill => fill.Version == VersionName.Parse(version));

    /// <summary>Waits until the filling of that version stands there.</summary>
    public async Task<FillProgress> WaitAsync(string version, FillState state)
    {
        using CancellationTokenSource end = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        end.CancelAfter(Patience);
        for (;;)
        {
            FillProgress progress = Progress(version);
            if (progress.State == state) return progress;
            Assert.False(progress.HasEnded, $"it is {progress.State}: {progress.Problem}");
            await Task.Delay(2, end.Token);
        }
    }

    /// <summary>Waits until it pauses, and says for how long.</summary>
    public Task<TimeSpan> WaitForPauseAsync() => Time.WaitForTimerAsync(TimeSpan.FromMilliseconds(700), TimeSpan.FromSeconds(80));

    /// <summary>Waits until it pauses, and lets the pause pass.</summary>
    public async Task<TimeSpan> PassPauseAsync()
    {
        TimeSpan pause = await WaitForPauseAsync();
        Time.Advance(pause);
        return pause;
    }

    public bool Holds(byte[] blockFile) => _cache.Read(blockFile) == SourceError.None;

    public BlockName Keep(byte[] blockFile) => _cache.Store(blockFile);

    public async ValueTask DisposeAsync()
    {
        await Filler.DisposeAsync().AsTask().WaitAsync(Patience);
        await _cache.DisposeAsync();
    }
}
