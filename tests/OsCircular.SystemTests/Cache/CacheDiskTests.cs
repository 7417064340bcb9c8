using System.Diagnostics;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using OsCircular.Blocks;
using OsCircular.Cache;
using OsCircular.TestKit.Sources;

namespace OsCircular.SystemTests.Cache;

/// <summary>Real disks that are full, read-only or taken: the reader gets its blocks, and the status says what is wrong.</summary>
public sealed class CacheDiskTests : IAsyncLifetime
{
    private static readonly byte[][] Blocks = [.. Enumerable.Range(1, 8).Select(i => TestBlocks.Make(i, 100_000))];
    private readonly string _mount = Directory.CreateTempSubdirectory("oscircular-disk-").FullName;
    private readonly FakeTimeProvider _time = new();
    private readonly FakeBlockSource _upstream = new();
    private BlockCache _cache = null!;

    private string CachePath => Path.Combine(_mount, "cache");

    public async ValueTask InitializeAsync()
    {
        foreach (byte[] block in Blocks) _upstream.Add(block);
        await RunAsync("mount", "-t", "tmpfs", "-o", "size=2m,nr_inodes=60", "oscircular-test", _mount);
        _cache = await OpenAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await _cache.DisposeAsync();
        await RunAsync("umount", _mount);
        Directory.Delete(_mount);
    }

    [Fact]
    public async Task FullDisk_ByOthers_ServesAndKeepsAgainWhenThereIsRoom()
    {
        string ballast = Path.Combine(_mount, "ballast");
        long free = new DriveInfo(_mount).AvailableFreeSpace;
        File.WriteAllBytes(ballast, new byte[free - 50_000]);
        await FetchAllAsync();
        Assert.Equal(CacheState.Full, _cache.Status.State);
        Assert.Equal(0, _cache.Status.Blocks);
        Assert.Empty(Directory.GetFiles(Path.Combine(CachePath, "tmp")));

        File.Delete(ballast);
        _time.Advance(TimeSpan.FromSeconds(10));
        await FetchAllAsync();
        Assert.Equal(CacheState.Ok, _cache.Status.State);
        Assert.Equal(Blocks.Length, _cache.Status.Blocks);
    }

    [Fact]
    public async Task FullDisk_OfInodes_ServesAndSaysSo()
    {
        for (int i = 0; TryCreate(Path.Combine(_mount, $"inode-{i}")); i++)
        {
        }

        await FetchAllAsync();
        Assert.Equal(CacheState.Full, _cache.Status.State);
        Assert.Equal(0, _cache.Status.ReservedBytes);
    }

    [Fact]
    public async Task ReadOnlyDisk_WhileRunning_ServesHeldAndFetchedThenKeepsAgain()
    {
        await FetchAsync(Blocks[0]);
        await RunAsync("mount", "-o", "remount,ro", _mount);
        await FetchAllAsync();
        Assert.Equal(CacheState.ReadOnly, _cache.Status.State);
        Assert.Equal(Blocks.Length, _upstream.Calls);

        await RunAsync("mount", "-o", "remount,rw", _mount);
        _time.Advance(TimeSpan.FromSeconds(10));
        await FetchAllAsync();
        Assert.Equal(CacheState.Ok, _cache.Status.State);
        Assert.Equal(Blocks.Length, _cache.Status.Blocks);
    }

    [Fact]
    public async Task ReadOnlyDisk_AtStart_ServesWhatIsHeld()
    {
        await FetchAllAsync();
        await _cache.DisposeAsync();
        File.WriteAllBytes(Path.Combine(CachePath, "tmp", "left"), []);
        await RunAsync("mount", "-o", "remount,ro", _mount);
        _cache = await OpenAsync();
        int calls = _upstream.Calls;
        await FetchAllAsync();
        Assert.Equal(calls, _upstream.Calls);
        await _cache.DisposeAsync();
        await RunAsync("mount", "-o", "remount,rw", _mount);
    }

    [Fact]
    public async Task Lock_HolderKilled_IsFreeAtOnce()
    {
        await _cache.DisposeAsync();
        using Process holder = Process.Start(new ProcessStartInfo("flock", ["-n", "--no-fork", Path.Combine(CachePath, "agent", "lock"), "cat"])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
        })!;
        await holder.StandardInput.WriteLineAsync("held");
        await holder.StandardInput.FlushAsync();
        Assert.Equal("held", await holder.StandardOutput.ReadLineAsync().WaitAsync(TimeSpan.FromSeconds(30)));
        Assert.Contains("is in use by process", Assert.Throws<UserError>(() => CacheDirectory.Open(CachePath)).Message, StringComparison.Ordinal);

        holder.Kill();
        await holder.WaitForExitAsync();
        CacheDirectory.Open(CachePath).Dispose();
    }

    private async Task<BlockCache> OpenAsync()
    {
        CacheOptions options = new() { Quota = 1L << 30, FreeSpaceFloor = 0 };
        BlockCache cache = BlockCache.Open(CachePath, options, _ => false, _time, NullLogger.Instance);
        await cache.Loaded.WaitAsync(TimeSpan.FromSeconds(30));
        return cache;
    }

    private async Task FetchAllAsync()
    {
        foreach (byte[] block in Blocks) await FetchAsync(block);
    }

    private async Task FetchAsync(byte[] block)
    {
        CachedBlockSource source = new(_cache.Blocks, new KeepingSource(_cache.Blocks, _upstream, SourceKind.Mirror));
        byte[] buffer = new byte[block.Length];
        Assert.True((await source.FetchAsync(TestBlocks.Request(block), buffer, default)).Succeeded);
        Assert.Equal(block, buffer);
    }

    private static bool TryCreate(string path)
    {
        try
        {
            File.WriteAllBytes(path, []);
            return true;
        }
        catch (IOException)
        {
            return false;
        }
    }

    private static async Task RunAsync(string program, params string[] arguments)
    {
        using Process process = Process.Start(program, arguments);
        await process.WaitForExitAsync().WaitAsync(TimeSpan.FromSeconds(30));
        Assert.Equal(0, process.ExitCode);
    }
}
