using System.Diagnostics.CodeAnalysis;
using Microsoft.Extensions.Logging.Abstractions;
using OsCircular.Blocks;
using OsCircular.Cache;
using OsCircular.Indexes;
using OsCircular.Library.Filling;
using OsCircular.Sources;
using OsCircular.Sources.Rates;
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

    private readonly Func<IBlockSource, IBlockSource>? _line;
    private readonly Func<TimeProvider, RateCap>? _cap;

    private FillRig(TestCache cache, Func<IBlockSource, IBlockSource>? line, Func<TimeProvider, RateCap>? cap)
    {
        _cache = cache;
        _line = line;
        _cap = cap;
        Start();
    }

    [MemberNotNull(nameof(Parts), nameof(Filler), nameof(Blocks))]
    private void Start()
    {
        IBlockSource mirror = new FaultySource(Mirror, (request, call) => Rule(request, call));
        Blocks = new CachedBlockSource(Store, new KeepingSource(Store, _line?.Invoke(mirror) ?? mirror, SourceKind.Mirror));
        Parts = new FillParts
        {
            Cache = _cache.Cache,
            Blocks = Blocks,
            Documents = new CachedDocumentSource(_cache.Cache.Documents, _documents),
            Manifest = () => Samples.Manifest(Samples.Image("debian", [.. _versions.Values])),
            Start = count => Place(count),
            Cap = _cap?.Invoke(Time),
            Time = Time,
            Random = new Random(1),
        };
        Filler = new Filler(Parts, NullLogger<Filler>.Instance);
    }

    public FillParts Parts { get; private set; }
    public TestCache Cache => _cache;
    public Filler Filler { get; private set; }
    public FakeBlockSource Mirror { get; } = new("mirror");
    public WatchedTime Time { get; } = new();

    /// <summary>The chain that readers use too.</summary>
    public IBlockSource Blocks { get; private set; }
    public BlockStore Store => _cache.Blocks;

    /// <summary>What goes wrong at the mirror; nothing.</summary>
    public Func<BlockRequest, int, Fault> Rule { get; set; } = (_, _) => Fault.None;

    /// <summary>Where this host begins; at 0.</summary>
    public Func<long, long> Place { get; set; } = _ => 0;

    /// <summary>Whether index pages can be had.</summary>
    public SourceError DocumentFailure
    {
        set => _documents.Failure = value;
    }

    public static async Task<FillRig> CreateAsync(
        CacheOptions? options = null, Func<BlockName, bool>? isPinned = null, Func<IBlockSource, IBlockSource>? line = null, Func<TimeProvider, RateCap>? cap = null) =>
        new(await TestCache.OpenAsync(options, isPinned), line, cap);

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

    /// <summary>Puts a profile of these blocks beside a version that is on offer.</summary>
    public void PublishProfile(string version, params IReadOnlyList<long> blocks) =>
        _versions[version] = _versions[version] with { Profile = _documents.Add(DocumentKind.Profile, new BootProfile(blocks).ToBytes()).Digest };

    /// <summary>Takes a version out of the manifest.</summary>
    public void Forget(string version) => _versions.Remove(version);

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

    /// <summary>Ends the filler and the cache, and opens both again, another manifest, mirror and clock apart.</summary>
    /// <param name="meanwhile">Done to the cache's folder while it is closed.</param>
    public async Task RestartAsync(CacheOptions? options = null, Action<string>? meanwhile = null)
    {
        await Filler.DisposeAsync().AsTask().WaitAsync(Patience);
        await _cache.ReopenAsync(options, meanwhile);
        Start();
    }

    public async ValueTask DisposeAsync()
    {
        await Filler.DisposeAsync().AsTask().WaitAsync(Patience);
        await _cache.DisposeAsync();
    }
}
