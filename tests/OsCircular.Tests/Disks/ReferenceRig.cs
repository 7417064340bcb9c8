using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using OsCircular.Blocks;
using OsCircular.Cache;
using OsCircular.Disks;
using OsCircular.Indexes;
using OsCircular.Library.Healing;
using OsCircular.Sources;
using OsCircular.TestKit;
using OsCircular.TestKit.Disks;
using OsCircular.TestKit.Sources;
using OsCircular.Tests.Cache;
using OsCircular.Tests.Indexes;

namespace OsCircular.Tests.Disks;

/// <summary>
/// An agent's read path without its kernel side, over a cache on disk that holds half of one version, and two sources, of which the first may fail or lie. Beside
/// it the versions as plain arrays.
/// </summary>
internal sealed class ReferenceRig : IAsyncDisposable
{
    public const int BlockSize = BlockGeometry.MinBlockSize;
    public const long DiskSize = 96L * BlockSize - 512;

    private static readonly CacheOptions Options = new() { Quota = CacheOptions.MinQuota / 8, FreeSpaceFloor = 0 };

    private static readonly TimeSpan Patience = TimeSpan.FromMilliseconds(500);

    private readonly TempDirectory _folder = new();
    private readonly FakeTimeProvider _time = new();
    private readonly FakeBlockSource _files = new();
    private readonly FakeDocumentSource _documents = new();
    private readonly List<TestDisk> _published = [];
    private BlockCache _cache = null!;
    private DiskService _service = null!;
    private Healer _healer = null!;
    private Disk[] _disks = [];

    /// <summary>How the first source fails; none: it does not.</summary>
    public SourceError First { get; set; }

    /// <summary>Whether the second fails too, and so all.</summary>
    public bool SecondFails
    {
        get;
        set
        {
            field = value;
            AllHaveFailed |= value;
        }
    }

    /// <summary>Whether that was ever so.</summary>
    public bool AllHaveFailed { get; private set; }

    public int Versions => _published.Count;

    public static async Task<ReferenceRig> CreateAsync()
    {
        ReferenceRig rig = new();
        rig._published.Add(rig.Make(1));
        await rig.StartAsync();
        return rig;
    }

    /// <summary>A place to read at: of any version, often one that was read before.</summary>
    public (int Version, long At, int Length) Place(uint dice, int most)
    {
        Random random = new((int)dice);
        long at = random.NextInt64(DiskSize);
        return (random.Next(Versions), at, (int)Math.Min(random.Next(1, most), DiskSize - at));
    }

    /// <summary>One read. Its time goes on where it takes long: <see cref="Forgive"/> may have let seconds pass within a call on the disk, which then counts as hanging until time goes on.</summary>
    public async Task<(SourceError Error, byte[] Bytes)> ReadAsync(int version, long at, int length)
    {
        Task<(SourceError, byte[])> read = TestRead.OfAsync(_disks[version], at, length);
        while (await Task.WhenAny(read, Task.Delay(Patience, TimeProvider.System)) != read) _time.Advance(TimeSpan.FromSeconds(1));
        return await read;
    }

    public bool IsRight(int version, long at, byte[] bytes) => bytes.AsSpan().SequenceEqual(_published[version].Bytes.AsSpan((int)at, bytes.Length));

    /// <summary>A version more; every other one is a whole new disk, the rest have what another has.</summary>
    public void Publish()
    {
        if (Versions >= 4) return;
        _published.Add(Make(Versions + 1));
        _disks = [.. _disks, Open(_published[^1])];
    }

    /// <summary>Does one of six things to one of the cache's files.</summary>
    public void Damage(uint dice)
    {
        Random random = new((int)dice);
        string[] files = [.. Files("blocks"), .. Files("indexes")];
        if (files.Length == 0) return;
        string file = files[random.Next(files.Length)], other = files[random.Next(files.Length)];
        try
        {
            Damage(random, file, File.ReadAllBytes(file), File.ReadAllBytes(other));
        }
        catch (IOException)
        {
            // Evicted since it was listed, for the sake of what is read ahead.
        }
    }

    /// <summary>Ends all and starts it anew on the same folder.</summary>
    /// <param name="crashed">Whether the catalogue is as a crash leaves it: older than the files, or torn.</param>
    public async Task RestartAsync(bool crashed)
    {
        string catalog = Path.Combine(_folder.Path, "agent", "catalog.db"), marker = Path.Combine(_folder.Path, "agent", "catalog.state");
        await StopAsync();
        if (crashed) File.Delete(File.Exists(marker) && Versions % 2 == 0 ? marker : catalog);
        await StartAsync();
    }

    /// <summary>What just failed may be asked for again.</summary>
    public void Forgive() => _time.Advance(TimeSpan.FromSeconds(3));

    /// <summary>Every file of the cache is looked at, what is damaged is fetched again, and then every file is what its name says.</summary>
    public async Task AssertHealedAsync()
    {
        foreach (string file in Files("blocks")) _ = BlockName.TryParse(Path.GetFileName(file), out BlockName name) && _cache.Blocks.Check(name);
        Assert.Equal(0, await _healer.HealAsync(default));
        foreach (string file in Files("blocks")) Assert.Equal(Path.GetFileName(file), BlockName.Of(File.ReadAllBytes(file)).ToString());
        Assert.Equal(0, _cache.Status.DamagedWanting);
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        _folder.Dispose();
    }

    private async Task StartAsync()
    {
        _cache = await TestCache.OpenAsync(_folder.Path, Options, time: _time);
        FaultySource first = new(_files, (_, _) => First == SourceError.Invalid ? Fault.WrongBytes : First);
        FaultySource second = new(_files, (_, _) => SecondFails ? SourceError.Unreachable : SourceError.None);
        SingleFlightSource blocks = new(
            new CachedBlockSource(_cache.Blocks, new FallbackSource(new KeepingSource(_cache.Blocks, first, SourceKind.Peer), new KeepingSource(_cache.Blocks, second, SourceKind.Mirror))), _time);
        CachedDocumentSource documents = new(_cache.Documents, _documents);
        _service = new DiskService(
            new DiskOptions { MemoryBytes = DiskOptions.MinMemoryBytes, Workers = 2, ReadAheadBlocks = 2 }, _cache.Blocks, blocks, documents, _time, NullLogger<DiskService>.Instance);
        _healer = new Healer(_cache, blocks, documents, Manifest, _time, NullLogger<Healer>.Instance);
        _disks = [.. _published.Select(Open)];
    }

    private async Task StopAsync()
    {
        await _service.DisposeAsync();
        await _healer.DisposeAsync();
        await _cache.DisposeAsync();
    }

    private TestDisk Make(int number) => new TestDisk(new BlockGeometry(DiskSize, BlockSize), seed: number / 2).AddTo(_files).AddTo(_documents);

    private Disk Open(TestDisk disk) => _service.Open(disk.Geometry, disk.Root);

    private Manifest Manifest() => Samples.Manifest(Samples.Image("debian", [.. _published.Select((disk, i) =>
        new ManifestVersion(VersionName.Parse($"{i + 1}"), disk.Root, disk.Geometry, 4096, Samples.Time))]));

    private static void Damage(Random random, string file, byte[] bytes, byte[] other)
    {
        switch (random.Next(6))
        {
            case 0 when bytes.Length > 0:
                bytes[random.Next(bytes.Length)] ^= (byte)(1 << random.Next(8));
                File.WriteAllBytes(file, bytes);
                break;
            case 1:
                File.WriteAllBytes(file, bytes[..random.Next(bytes.Length + 1)]);
                break;
            case 2:
                File.WriteAllBytes(file, other);
                break;
            case 3:
                Array.Clear(bytes, 0, Math.Min(bytes.Length, 4096));
                File.WriteAllBytes(file, bytes);
                break;
            case 4:
                File.WriteAllBytes(file, new byte[bytes.Length]);
                break;
            default:
                File.Delete(file);
                break;
        }
    }

    private string[] Files(string folder)
    {
        string[] files = Directory.GetFiles(Path.Combine(_folder.Path, folder), "*", SearchOption.AllDirectories);
        Array.Sort(files, StringComparer.Ordinal);
        return files;
    }
}
